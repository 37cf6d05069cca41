// JSON and CBOR on a typical Pod and on a list of 10,000 of them; nlohmann::json as the yardstick.
#include <benchmark/benchmark.h>

#include <nlohmann/json.hpp>

#include "api/gen/corev1.h"
#include "api/scheme.h"
#include "codec/cbor/cbor.h"
#include "codec/json.h"
#include "codec/patch.h"
#include "codec/protobuf.h"
#include "codec/transcode.h"
#include "codec/view.h"
#include "codec/yaml.h"

namespace xebec::codec {
namespace {

constexpr std::string_view kPod =
    R"({"kind":"Pod","apiVersion":"v1","metadata":{"name":"web-6d4cf56db6-abcde","generateName":"web-6d4cf56db6-",
"namespace":"default","uid":"6f1d3a3e-65a1-4d0d-a9b7-2b6a54b6e8b1","resourceVersion":"123456","generation":1,"creationTimestamp":"2024-05-06T07:08:09Z",
"labels":{"app":"web","pod-template-hash":"6d4cf56db6","tier":"frontend"},"annotations":{"kubectl.kubernetes.io/restartedAt":"2024-05-06T07:08:09Z"},
"ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web-6d4cf56db6","uid":"11111111-65a1-4d0d-a9b7-2b6a54b6e8b1","controller":true,"blockOwnerDeletion":true}]},
"spec":{"volumes":[{"name":"kube-api-access-x7k2p","projected":{"sources":[{"serviceAccountToken":{"expirationSeconds":3607,"path":"token"}},
{"configMap":{"name":"kube-root-ca.crt","items":[{"key":"ca.crt","path":"ca.crt"}]}},{"downwardAPI":{"items":[{"path":"namespace","fieldRef":{"apiVersion":"v1","fieldPath":"metadata.namespace"}}]}}],"defaultMode":420}}],
"containers":[{"name":"web","image":"registry.example.com/team/web:1.2.3","command":["/bin/web","--listen=:8080"],"ports":[{"name":"http","containerPort":8080,"protocol":"TCP"}],
"env":[{"name":"A","value":"one"},{"name":"B","value":"two"},{"name":"POD_IP","valueFrom":{"fieldRef":{"apiVersion":"v1","fieldPath":"status.podIP"}}}],
"resources":{"limits":{"cpu":"500m","memory":"256Mi"},"requests":{"cpu":"100m","memory":"128Mi"}},
"volumeMounts":[{"name":"kube-api-access-x7k2p","readOnly":true,"mountPath":"/var/run/secrets/kubernetes.io/serviceaccount"}],
"livenessProbe":{"httpGet":{"path":"/healthz","port":"http","scheme":"HTTP"},"timeoutSeconds":1,"periodSeconds":10,"successThreshold":1,"failureThreshold":3},
"readinessProbe":{"httpGet":{"path":"/ready","port":8080,"scheme":"HTTP"},"timeoutSeconds":1,"periodSeconds":10,"successThreshold":1,"failureThreshold":3},
"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File","imagePullPolicy":"IfNotPresent"}],
"restartPolicy":"Always","terminationGracePeriodSeconds":30,"dnsPolicy":"ClusterFirst","serviceAccountName":"default","serviceAccount":"default","nodeName":"node-17","securityContext":{},
"schedulerName":"default-scheduler","tolerations":[{"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute","tolerationSeconds":300},
{"key":"node.kubernetes.io/unreachable","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}],"priority":0,"enableServiceLinks":true,"preemptionPolicy":"PreemptLowerPriority"},
"status":{"phase":"Running","conditions":[{"type":"Initialized","status":"True","lastProbeTime":null,"lastTransitionTime":"2024-05-06T07:08:09Z"},
{"type":"Ready","status":"True","lastProbeTime":null,"lastTransitionTime":"2024-05-06T07:08:12Z"},{"type":"ContainersReady","status":"True","lastProbeTime":null,"lastTransitionTime":"2024-05-06T07:08:12Z"},
{"type":"PodScheduled","status":"True","lastProbeTime":null,"lastTransitionTime":"2024-05-06T07:08:09Z"}],"hostIP":"10.0.0.17","podIP":"10.244.3.21","podIPs":[{"ip":"10.244.3.21"}],"startTime":"2024-05-06T07:08:09Z",
"containerStatuses":[{"name":"web","state":{"running":{"startedAt":"2024-05-06T07:08:11Z"}},"lastState":{},"ready":true,"restartCount":0,"image":"registry.example.com/team/web:1.2.3",
"imageID":"registry.example.com/team/web@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","containerID":"containerd://0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","started":true}],"qosClass":"Burstable"}})";

const api::Message& pod_type() { return api::type_of<corev1::Pod>(); }

corev1::Pod typical_pod() {
  corev1::Pod pod;
  (void)decode_json(pod_type(), kPod, &pod);
  return pod;
}

std::string compact_pod() {
  corev1::Pod pod = typical_pod();
  return encode_json(pod_type(), &pod, "v1", "Pod");
}

void count(benchmark::State& state, std::size_t bytes) {
  state.SetBytesProcessed(static_cast<int64_t>(bytes * state.iterations()));
}

void DecodePodJson(benchmark::State& state) {
  std::string text = compact_pod();
  for (auto _ : state) {
    corev1::Pod pod;
    benchmark::DoNotOptimize(decode_json(pod_type(), text, &pod));
  }
  count(state, text.size());
}
BENCHMARK(DecodePodJson);

void DecodePodJsonStrictly(benchmark::State& state) {
  std::string text = compact_pod();
  for (auto _ : state) {
    corev1::Pod pod;
    benchmark::DoNotOptimize(decode_json(pod_type(), text, &pod, Strictness::Strict));
  }
  count(state, text.size());
}
BENCHMARK(DecodePodJsonStrictly);

void ParsePodTree(benchmark::State& state) {
  std::string text = compact_pod();
  for (auto _ : state) benchmark::DoNotOptimize(parse_json(text));
  count(state, text.size());
}
BENCHMARK(ParsePodTree);

void ParsePodNlohmann(benchmark::State& state) {
  std::string text = compact_pod();
  for (auto _ : state) benchmark::DoNotOptimize(nlohmann::json::parse(text));
  count(state, text.size());
}
BENCHMARK(ParsePodNlohmann);

void EncodePodJson(benchmark::State& state) {
  corev1::Pod pod = typical_pod();
  std::string text;
  for (auto _ : state) {
    text.clear();
    append_json(pod_type(), &pod, "v1", "Pod", text);
    benchmark::DoNotOptimize(text.data());
  }
  count(state, text.size());
}
BENCHMARK(EncodePodJson);

void EncodePodTree(benchmark::State& state) {
  Value tree = *parse_json(kPod);
  for (auto _ : state) benchmark::DoNotOptimize(to_json(tree));
  count(state, to_json(tree).size());
}
BENCHMARK(EncodePodTree);

void DumpPodNlohmann(benchmark::State& state) {
  auto tree = nlohmann::json::parse(kPod);
  for (auto _ : state) benchmark::DoNotOptimize(tree.dump());
  count(state, tree.dump().size());
}
BENCHMARK(DumpPodNlohmann);

void TranscodePod(benchmark::State& state) {
  api::Scheme scheme = api::Scheme::builtin();
  Transcoder transcoder(scheme);
  corev1::Pod pod = typical_pod();
  std::string wire = encode_protobuf(pod_type(), &pod), text;
  for (auto _ : state) {
    text.clear();
    benchmark::DoNotOptimize(transcoder.append(pod_type(), wire, {"v1", "Pod", "123456"}, text));
  }
  count(state, text.size());
}
BENCHMARK(TranscodePod);

void TranscodeListOf10000Pods(benchmark::State& state) {
  api::Scheme scheme = api::Scheme::builtin();
  Transcoder transcoder(scheme);
  corev1::Pod pod = typical_pod();
  std::string wire = encode_protobuf(pod_type(), &pod), text;
  for (auto _ : state) {
    text.clear();
    for (int i = 0; i < 10000; ++i)
      benchmark::DoNotOptimize(transcoder.append(pod_type(), wire, {"", "", "123456"}, text));
  }
  count(state, text.size());
}
BENCHMARK(TranscodeListOf10000Pods)->Unit(benchmark::kMillisecond);

corev1::PodList pods() {
  corev1::PodList list;
  list.items.resize(10000, typical_pod());
  return list;
}

void EncodeListOf10000PodsJson(benchmark::State& state) {
  corev1::PodList list = pods();
  std::string text;
  for (auto _ : state) {
    text.clear();
    append_json(api::type_of<corev1::PodList>(), &list, "v1", "PodList", text);
  }
  count(state, text.size());
}
BENCHMARK(EncodeListOf10000PodsJson)->Unit(benchmark::kMillisecond);

void DecodeListOf10000PodsJson(benchmark::State& state) {
  corev1::PodList list = pods();
  std::string text = encode_json(api::type_of<corev1::PodList>(), &list, "v1", "PodList");
  for (auto _ : state) {
    corev1::PodList out;
    benchmark::DoNotOptimize(decode_json(api::type_of<corev1::PodList>(), text, &out));
  }
  count(state, text.size());
}
BENCHMARK(DecodeListOf10000PodsJson)->Unit(benchmark::kMillisecond);

void ParseListOf10000PodsNlohmann(benchmark::State& state) {
  corev1::PodList list = pods();
  std::string text = encode_json(api::type_of<corev1::PodList>(), &list, "v1", "PodList");
  for (auto _ : state) benchmark::DoNotOptimize(nlohmann::json::parse(text));
  count(state, text.size());
}
BENCHMARK(ParseListOf10000PodsNlohmann)->Unit(benchmark::kMillisecond);

void EncodePodCbor(benchmark::State& state) {
  corev1::Pod pod = typical_pod();
  std::string bytes;
  for (auto _ : state) {
    bytes.clear();
    append_cbor(pod_type(), &pod, "v1", "Pod", bytes);
    benchmark::DoNotOptimize(bytes.data());
  }
  count(state, bytes.size());
}
BENCHMARK(EncodePodCbor);

void DecodePodCbor(benchmark::State& state) {
  corev1::Pod pod = typical_pod();
  const std::string bytes = encode_cbor(pod_type(), &pod, "v1", "Pod");
  for (auto _ : state) {
    corev1::Pod out;
    benchmark::DoNotOptimize(decode_cbor(pod_type(), bytes, &out));
  }
  count(state, bytes.size());
}
BENCHMARK(DecodePodCbor);

void ParsePodCbor(benchmark::State& state) {
  corev1::Pod pod = typical_pod();
  const std::string bytes = encode_cbor(pod_type(), &pod, "v1", "Pod");
  for (auto _ : state) benchmark::DoNotOptimize(parse_cbor(bytes));
  count(state, bytes.size());
}
BENCHMARK(ParsePodCbor);

void PatchPodStrategically(benchmark::State& state) {
  corev1::Pod pod = typical_pod();
  for (auto _ : state) {
    Value tree = to_value(pod_type(), &pod, "v1", "Pod");
    (void)apply_strategic_merge_patch(
        pod_type(), R"({"status":{"conditions":[{"type":"Ready","status":"False"}]}})", tree);
    corev1::Pod out;
    benchmark::DoNotOptimize(from_value(pod_type(), tree, &out));
  }
}
BENCHMARK(PatchPodStrategically);

void WritePodYaml(benchmark::State& state) {
  Value tree = *parse_json(kPod);
  for (auto _ : state) benchmark::DoNotOptimize(encode_yaml(tree));
  count(state, encode_yaml(tree).size());
}
BENCHMARK(WritePodYaml);

void ReadPodYaml(benchmark::State& state) {
  std::string text = encode_yaml(*parse_json(kPod));
  for (auto _ : state) benchmark::DoNotOptimize(parse_yaml(text));
  count(state, text.size());
}
BENCHMARK(ReadPodYaml);

}  // namespace
}  // namespace xebec::codec
