/** What cannot work is refused before anything is installed, with the remedy. */
import { expect, it } from 'vitest';
import { refusal, render, type Render } from './support/helm.js';
import { violation } from './support/violation.js';

const external = ['auth.existingSecret=mine'];

const wrong: [string, Render, RegExp][] = [
  ['a mode there is not', { set: ['mode=fast'] }, violation('mode', { oneOf: ['queue', 'static'] })],
  ['a backend there is not', { set: ['backend=kafka'] }, violation('backend', { oneOf: ['redis', 'rabbitmq'] })],
  ['a run id that is no label', { set: ['run.id=Run_1'] }, violation('run.id', 'pattern')],
  ['a run id of 41 characters', { set: [`run.id=${'a'.repeat(41)}`] }, violation('run.id', 'pattern')],
  ['a run without parameters', { set: ['run.totalParameters=0'] }, violation('run.totalParameters', { least: 1 })],
  [
    'a fault rate above 1',
    { data: { computation: { simulateFaultRate: 1.5 } } },
    violation('computation.simulateFaultRate', { most: 1 }),
  ],
  [
    'a fault rate above 1 by --set',
    { set: ['computation.simulateFaultRate=1.5'] },
    violation('computation.simulateFaultRate', 'pattern'),
  ],
  ['no workers', { set: ['worker.maxReplicas=0'] }, violation('worker.maxReplicas', { least: 1 })],
  ['a number as text', { set: ['worker.chunksPerWorker=ten'] }, violation('worker.chunksPerWorker', 'type')],
  [
    'a log level there is not',
    { set: ['log.level=TRACE'] },
    violation('log.level', { oneOf: ['DEBUG', 'INFO', 'WARNING', 'ERROR'] }),
  ],
  ['a size that is none', { set: ['redis.persistence.size=big'] }, violation('redis.persistence.size', 'pattern')],
  ['a prefix that breaks queue names', { set: ['queuePrefix=a b'] }, violation('queuePrefix', 'pattern')],
  [
    'more than 20 million chunks',
    { set: ['run.totalParameters=50000000', 'run.chunkSize=2'] },
    /raise run\.chunkSize to at least 3/,
  ],
  [
    'a retry that outlasts the lease on Redis',
    { set: ['worker.retryDelayMs=6000', 'worker.staleThresholdMs=5000'] },
    /raise worker\.staleThresholdMs or lower worker\.retryDelayMs/,
  ],
  [
    'a worker ended before its chunk',
    { set: ['worker.activeDeadlineSeconds=1520'] },
    /activeDeadlineSeconds 1520 .*: raise it above 1520 .*or lower worker\.chunkTimeoutSeconds/,
  ],
  [
    'a seeder ended while it waits',
    { set: ['seeder.activeDeadlineSeconds=60'] },
    /raise it above seeder\.connectTimeoutSeconds/,
  ],
  [
    'an external broker without its password',
    { set: ['redis.external.host=db'] },
    /set auth\.existingSecret to a Secret with redis-password/,
  ],
  [
    'an external RabbitMQ without its password',
    { set: ['backend=rabbitmq', 'rabbitmq.external.host=mq'] },
    /with rabbitmq-user and rabbitmq-password/,
  ],
  [
    'a broker without a memory limit',
    { data: { redis: { resources: { limits: { memory: null } } } } },
    /redis\.resources\.limits\.memory is not set.*: set it/,
  ],
  [
    'too little memory for Redis',
    { set: ['redis.resources.limits.memory=32Mi'] },
    /32Mi is too little .*: raise it to 64Mi or more/,
  ],
  [
    'too little memory for RabbitMQ',
    { set: ['backend=rabbitmq', 'rabbitmq.resources.limits.memory=128M'] },
    /128M is too little .*: raise it to 256Mi or more/,
  ],
  [
    'more data than Redis has memory',
    { set: ['redis.maxmemory=250mb'] },
    /redis\.maxmemory 250mb is more than 85 % .*lower redis\.maxmemory, or leave it empty/,
  ],
  [
    'names that are too long',
    { release: 'a-release-with-quite-a-long-name-of-its-own' },
    /the limit is 35: set fullnameOverride/,
  ],
  [
    'a release whose Services would begin with a digit',
    { release: '20261125' },
    /"20261125-ttg", and the name of a Service may not begin with a digit: set fullnameOverride to .* such as "run-20261125-ttg"/,
  ],
  [
    'a fullnameOverride that begins with a digit',
    { set: ['fullnameOverride=1st'] },
    /"1st", .*set fullnameOverride to a name that begins with a letter/,
  ],
  [
    'a release with a dot',
    { release: 'v1.2' },
    /"v1\.2-ttg", and a dot is not allowed .*set fullnameOverride to a name without dots/,
  ],
  ['a release with a dot in static mode', { release: 'v1.2', set: ['mode=static'] }, /a dot is not allowed/],
  ['an override that is no name', { set: ['nameOverride=My_Sweep'] }, violation('nameOverride', 'pattern')],
  ['a fractional tag, which YAML would shorten', { data: { image: { tag: 1.1 } } }, violation('image.tag', 'type')],
  [
    'a fractional annotation',
    { data: { worker: { podAnnotations: { a: 1.5 } } } },
    violation('worker.podAnnotations.a', 'type'),
  ],
  ['a failure budget of more than everything', { set: ['run.maxDead=101%'] }, violation('run.maxDead', 'pattern')],
  [
    'more static workers than parameters',
    { set: ['mode=static', 'static.workers=5', 'run.totalParameters=4'] },
    /lower static\.workers/,
  ],
  [
    'a cluster without KEDA',
    { apis: ['batch/v1'] },
    /helm repo add kedacore .*\n.*helm install keda kedacore\/keda -n keda --create-namespace[^]*--api-versions keda\.sh\/v1alpha1/,
  ],
];

it.each(wrong)('refuses %s', (_what, options, remedy) => {
  expect(refusal(options)).toMatch(remedy);
});

it('names all contradictions at once', () => {
  const message = refusal({ set: ['worker.activeDeadlineSeconds=10', 'redis.external.host=db'] });
  expect(message).toContain('activeDeadlineSeconds');
  expect(message).toContain('auth.existingSecret');
});

const fine: [string, Render][] = [
  [
    'fractions by --set, which helm hands over as text',
    { set: ['computation.simulateFaultRate=0.05', 'computation.simulateWorkMs=0.5'] },
  ],
  [
    'a long retry on RabbitMQ, where it is a queue of its own',
    { set: ['backend=rabbitmq', 'worker.retryDelayMs=90000'] },
  ],
  ['static mode without KEDA', { set: ['mode=static'], apis: ['batch/v1'] }],
  ['queue mode without a check for KEDA', { set: ['keda.checkInstalled=false'], apis: ['batch/v1'] }],
  ['a run id of 40 characters', { set: [`run.id=${'a'.repeat(40)}`] }],
  ['an external broker with a Secret', { set: [...external, 'redis.external.host=db'] }],
  ['a release of digits under a name of its own', { release: '20261125', set: ['fullnameOverride=sweep'] }],
  ['a release of digits in static mode, which has no Service', { release: '20261125', set: ['mode=static'] }],
  ['a failure budget as a number', { set: ['run.maxDead=500'] }],
  ['a failure budget as a share', { set: ['run.maxDead=2.5%'] }],
  ['a run of ten million parameters', { data: { run: { totalParameters: 10_000_000, chunkSize: 1000 } } }],
];

it.each(fine)('accepts %s', (_what, options) => {
  expect(render(options).length).toBeGreaterThan(0);
});
