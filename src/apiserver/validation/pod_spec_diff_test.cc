#include "apiserver/validation/pod_spec_diff.h"

#include <gtest/gtest.h>

namespace xebec::apiserver::validation {
namespace {

corev1::PodSpec spec() {
  corev1::PodSpec out;
  out.restartPolicy = "Always";
  out.dnsPolicy = "ClusterFirst";
  out.terminationGracePeriodSeconds = 30;
  out.schedulerName = "default-scheduler";
  auto& container = out.containers.emplace_back();
  container.name = "c";
  container.image = "busybox";
  container.imagePullPolicy = "Always";
  container.terminationMessagePolicy = "File";
  container.terminationMessagePath = "/dev/termination-log";
  return out;
}

// What kube-apiserver 1.36.2 prints of the same change.
TEST(PodSpecDiff, IsOfUpstreamsInternalType) {
  corev1::PodSpec old = spec(), now = spec();
  old.nodeSelector["a"] = "b";
  now.nodeSelector["a"] = "b";
  now.nodeSelector["c"] = "d";
  EXPECT_EQ(pod_spec_diff(old, now),
            "@@ -40,7 +40,8 @@\n"
            "  \"ActiveDeadlineSeconds\": null,\n"
            "  \"DNSPolicy\": \"ClusterFirst\",\n"
            "  \"NodeSelector\": {\n"
            "-  \"a\": \"b\"\n"
            "+  \"a\": \"b\",\n"
            "+  \"c\": \"d\"\n"
            "  },\n"
            "  \"ServiceAccountName\": \"\",\n"
            "  \"AutomountServiceAccountToken\": null,\n");
  EXPECT_EQ(pod_spec_diff(old, old), "");
}

TEST(PodSpecDiff, NamespacesOfTheHostArePartOfTheSecurityContext) {
  corev1::PodSpec old = spec(), now = spec();
  old.securityContext.emplace();
  now.securityContext.emplace();
  now.hostNetwork = true;
  EXPECT_EQ(pod_spec_diff(old, now),
            "@@ -44,7 +44,7 @@\n"
            "  \"AutomountServiceAccountToken\": null,\n"
            "  \"NodeName\": \"\",\n"
            "  \"SecurityContext\": {\n"
            "-  \"HostNetwork\": false,\n"
            "+  \"HostNetwork\": true,\n"
            "   \"HostPID\": false,\n"
            "   \"HostIPC\": false,\n"
            "   \"ShareProcessNamespace\": null,\n");
}

TEST(PodSpecDiff, EscapesAsGoDoes) {
  corev1::PodSpec old = spec(), now = spec();
  now.containers[0].command = {"sh", "-c", "a && b > c"};
  EXPECT_NE(pod_spec_diff(old, now).find("+    \"a \\u0026\\u0026 b \\u003e c\"\n"), std::string::npos);
}

}  // namespace
}  // namespace xebec::apiserver::validation
