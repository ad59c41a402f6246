/** Where values of a release may lie in its namespace: on a volume, or on an S3 server that is made for it. */
import { execFile, execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CLUSTER, IMAGE_TAG, KUBECONFIG } from './place.js';
import type { Release } from './release.js';

const run = promisify(execFile);

/** @returns lines for a values file */
export async function storeIn(release: Release, kind: 'directory' | 's3'): Promise<string> {
  if (kind === 'directory') {
    await apply(release, CLAIM);
    return `results: {store: directory, directory: {path: /values}}
worker:
  extraVolumes: [{name: values, persistentVolumeClaim: {claimName: values}}]
  extraVolumeMounts: [{name: values, mountPath: /values}]
`;
  }
  await loadServer();
  await apply(release, `${KEYS}---\n${SERVER}`);
  const ready = await release.kubectl('wait', 'pod/s3', '--for=condition=Ready', '--timeout=60s');
  if (ready.status !== 0) throw new Error(`the S3 server does not start: ${ready.output}`);
  return 'results: {store: s3, s3: {endpoint: "http://s3:7070", bucket: values, existingSecret: s3-keys}}\n';
}

async function apply({ kube, namespace }: Release, manifest: string): Promise<void> {
  const env = { ...process.env, KUBECONFIG };
  const applying = run('kubectl', ['--context', kube.context, '-n', namespace, 'apply', '-f', '-'], { env });
  applying.child.stdin?.end(manifest);
  await applying;
}

const IMAGE = 'ttg-e2e-s3:1';

async function loadServer(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'ttg-e2e-s3-'));
  try {
    const program = execFileSync('sh', ['-c', 'command -v versitygw || echo none'], { encoding: 'utf8' }).trim();
    if (program === 'none') throw new Error('versitygw, an S3 server, is not on the PATH. Install it for these tests');
    copyFileSync(program, join(folder, 'versitygw'));
    writeFileSync(join(folder, 'Dockerfile'), 'FROM scratch\nCOPY versitygw /versitygw\nENTRYPOINT ["/versitygw"]\n');
    await run('docker', ['build', '--quiet', '--tag', IMAGE, folder]);
    await run('kind', ['load', 'docker-image', IMAGE, '--name', CLUSTER]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const CLAIM = `apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: values}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 100Mi}}}
`;

/** No session token: it is optional. */
const KEYS = `apiVersion: v1
kind: Secret
metadata: {name: s3-keys}
stringData: {access-key-id: test, secret-access-key: testtest}
`;

const RESTRICTED = '{allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}';
const SERVER = `apiVersion: v1
kind: Service
metadata: {name: s3}
spec: {selector: {app: s3}, ports: [{port: 7070}]}
---
apiVersion: v1
kind: Pod
metadata: {name: s3, labels: {app: s3}}
spec:
  terminationGracePeriodSeconds: 0
  securityContext: {runAsNonRoot: true, runAsUser: 1000, fsGroup: 1000, seccompProfile: {type: RuntimeDefault}}
  initContainers:
    - name: bucket
      image: ttg:${IMAGE_TAG}
      command: [node, -e, "require('fs').mkdirSync('/data/values')"]
      securityContext: ${RESTRICTED}
      volumeMounts: [{name: data, mountPath: /data}]
  containers:
    - name: s3
      image: ${IMAGE}
      args: [--port, ":7070", --health, /health, posix, /data]
      env: [{name: ROOT_ACCESS_KEY, value: test}, {name: ROOT_SECRET_KEY, value: testtest}]
      readinessProbe: {httpGet: {path: /health, port: 7070}, periodSeconds: 1}
      securityContext: ${RESTRICTED}
      volumeMounts: [{name: data, mountPath: /data}]
  volumes: [{name: data, emptyDir: {}}]
`;
