/**
 * What Kubernetes says in words alone. It gives reasons to most troubles, and then those decide. An admission that was
 * refused and a pod that fits no node have one reason each for many causes, and the rest is in the message, whose form
 * is fixed where it is made.
 */

/**
 * `exceeded quota: NAME, requested: …` of the admission plugin
 * (apiserver/pkg/admission/plugin/resourcequota/controller.go).
 */
export function quotaIn(message: string): string | undefined {
  return /exceeded quota: (.*)/s.exec(message)?.[1];
}

/**
 * What no node has, by the scheduler's plugins (pkg/scheduler/framework/plugins): `Insufficient cpu` of noderesources,
 * `… PersistentVolumeClaims` and `… volume …` of volumebinding, volumezone and nodevolumelimits.
 */
export function shortageIn(message: string): 'volume' | 'resources' | undefined {
  if (/PersistentVolumeClaim|volume/.test(message)) return 'volume';
  return message.includes('Insufficient ') ? 'resources' : undefined;
}

/** The scheduler's reason without what it says of claims and preemption, which is true of every pod. */
export function withoutPreemption(message: string): string {
  return message.replace(/\s*(no new claims to deallocate|preemption:).*$/s, '');
}

/** The job controller's message without its prefix. */
export function creationError(message: string): string {
  return message.replace(/^Error creating: /, '');
}
