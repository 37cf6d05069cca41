#include <benchmark/benchmark.h>

#include "api/gen/corev1.h"
#include "codec/protobuf.h"

namespace xebec::codec {
namespace {

// A Pod of ordinary size, as a Deployment makes it and the API server defaults it.
corev1::Pod typical_pod() {
  corev1::Pod pod;
  pod.metadata.name = "web-6d4cf56db6-abcde";
  pod.metadata.namespace_ = "default";
  pod.metadata.uid = "6f1d3a3e-65a1-4d0d-a9b7-2b6a54b6e8b1";
  pod.metadata.labels["app"] = "web";
  pod.metadata.labels["pod-template-hash"] = "6d4cf56db6";
  auto& owner = pod.metadata.ownerReferences.emplace_back();
  owner.kind = "ReplicaSet";
  owner.name = "web-6d4cf56db6";
  owner.controller = true;
  auto& c = pod.spec.containers.emplace_back();
  c.name = "web";
  c.image = "registry.example.com/web:1.2.3";
  c.ports.emplace_back().containerPort = 8080;
  for (const char* name : {"cpu", "memory"}) c.resources.requests[name] = api::Quantity::must_parse("128Mi");
  for (int i = 0; i < 5; ++i) c.env.emplace_back().name = "VARIABLE_" + std::to_string(i);
  c.readinessProbe.emplace().httpGet.emplace().path = "/ready";
  c.volumeMounts.emplace_back().mountPath = "/var/run/secrets/kubernetes.io/serviceaccount";
  pod.spec.volumes.emplace_back().projected.emplace().sources.resize(3);
  pod.spec.terminationGracePeriodSeconds = 30;
  for (const char* type : {"Initialized", "Ready", "ContainersReady", "PodScheduled"}) {
    auto& condition = pod.status.conditions.emplace_back();
    condition.type = type;
    condition.status = "True";
    condition.lastTransitionTime = api::Time::from_unix(1700000000);
  }
  pod.status.containerStatuses.emplace_back().name = "web";
  return pod;
}

void EncodePod(benchmark::State& state) {
  const corev1::Pod pod = typical_pod();
  std::size_t bytes = 0;
  for (auto _ : state) bytes += encode_protobuf(corev1::Pod::kDescriptor, &pod).size();
  state.SetBytesProcessed(static_cast<int64_t>(bytes));
}
BENCHMARK(EncodePod);

void DecodePod(benchmark::State& state) {
  const corev1::Pod pod = typical_pod();
  const std::string bytes = encode_protobuf(corev1::Pod::kDescriptor, &pod);
  for (auto _ : state) {
    corev1::Pod out;
    benchmark::DoNotOptimize(decode_protobuf(corev1::Pod::kDescriptor, bytes, &out));
  }
  state.SetBytesProcessed(static_cast<int64_t>(bytes.size() * state.iterations()));
}
BENCHMARK(DecodePod);

void CopyPod(benchmark::State& state) {
  const corev1::Pod pod = typical_pod();
  for (auto _ : state) {
    corev1::Pod copy = pod;
    benchmark::DoNotOptimize(copy);
  }
}
BENCHMARK(CopyPod);

void ComparePods(benchmark::State& state) {
  const corev1::Pod pod = typical_pod();
  const corev1::Pod copy = typical_pod();
  for (auto _ : state) benchmark::DoNotOptimize(copy == pod);
}
BENCHMARK(ComparePods);

}  // namespace
}  // namespace xebec::codec
