// A program over the types that a generator makes of the published documents: it compiles when they say what is so.
import type { components as Apps, paths as AppsPaths } from './apps';
import type { components as Core, paths as CorePaths } from './core';
import type { components as OldApps } from './old_apps';

type Deployment = Apps['schemas']['io.k8s.api.apps.v1.Deployment'];
type OldDeployment = OldApps['schemas']['io.k8s.api.apps.v1beta1.Deployment'];
type Pod = Core['schemas']['io.k8s.api.core.v1.Pod'];
type Answer<Operation extends { responses: { 200: { content: { 'application/json': unknown } } } }> =
  Operation['responses'][200]['content']['application/json'];

export const pod: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'hue', labels: { app: 'hue' } },
  spec: { containers: [{ name: 'hue', image: 'hue-learn:v3.0', resources: { requests: { cpu: '100m' } } }] },
};
export const deployment: Deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  spec: { selector: { matchLabels: { app: 'hue' } }, template: { spec: pod.spec } },
};
export const old: OldDeployment = { spec: { template: { spec: pod.spec }, rollbackTo: { revision: 1 } } };

// @ts-expect-error: replicas are a number
export const wrong: Deployment['spec'] = { ...deployment.spec, replicas: 'three' };
// @ts-expect-error: a selector is required
export const unselected: Deployment['spec'] = { template: {} };

export function names(list: Answer<AppsPaths['/apis/apps/v1/namespaces/{namespace}/deployments']['get']>) {
  return list.items.map((item) => item.metadata?.name);
}
export function phase(answer: Answer<CorePaths['/api/v1/namespaces/{namespace}/pods/{name}/status']['get']>) {
  return answer.status?.phase;
}
