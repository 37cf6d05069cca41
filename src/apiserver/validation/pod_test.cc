#include "apiserver/validation/pod.h"

#include "api/defaults.h"
#include "apiserver/validation/core.h"
#include "apiserver/validation/workloads.h"

namespace xebec::apiserver::validation {
namespace {

corev1::Pod valid_pod() {
  corev1::Pod pod;
  pod.metadata.name = "hue";
  pod.metadata.namespace_ = "default";
  corev1::Container& container = pod.spec.containers.emplace_back();
  container.name = "hue";
  container.image = "hue:1";
  api::apply_defaults(api::type_of<corev1::Pod>(), &pod);
  return pod;
}

// "<field>: <body>" of each error.
std::vector<std::string> texts(const Errors& errors) {
  std::vector<std::string> out;
  for (const field::Error& error : errors) out.push_back(error.field + ": " + error.body);
  return out;
}

using Texts = std::vector<std::string>;

TEST(ValidatePod, ADefaultedPodIsValid) { EXPECT_EQ(texts(validate_pod(valid_pod())), Texts()); }

TEST(ValidatePod, AContainerNeedsANameAndAnImage) {
  corev1::Pod pod = valid_pod();
  pod.spec.containers[0].name.clear();
  pod.spec.containers[0].image.clear();
  EXPECT_EQ(texts(validate_pod(pod)),
            (Texts{"spec.containers[0].name: Required value", "spec.containers[0].image: Required value"}));
}

TEST(ValidatePod, EnumsNameWhatIsSupported) {
  corev1::Pod pod = valid_pod();
  pod.spec.restartPolicy = "Sometimes";
  EXPECT_EQ(texts(validate_pod(pod)), Texts{"spec.restartPolicy: Unsupported value: \"Sometimes\": supported "
                                            "values: \"Always\", \"OnFailure\", \"Never\""});
}

TEST(ValidatePod, AMountNamesAVolumeOfThePod) {
  corev1::Pod pod = valid_pod();
  corev1::VolumeMount& mount = pod.spec.containers[0].volumeMounts.emplace_back();
  mount.name = "nowhere";
  mount.mountPath = "/data";
  EXPECT_EQ(texts(validate_pod(pod)),
            Texts{"spec.containers[0].volumeMounts[0].name: Not found: \"nowhere\""});
}

TEST(ValidatePod, RequestsDoNotExceedLimits) {
  corev1::Pod pod = valid_pod();
  pod.spec.containers[0].resources.requests["cpu"] = api::Quantity::must_parse("2");
  pod.spec.containers[0].resources.limits["cpu"] = api::Quantity::must_parse("1");
  EXPECT_EQ(texts(validate_pod(pod)), Texts{"spec.containers[0].resources.requests: Invalid value: \"2\": "
                                            "must be less than or equal to cpu limit of 1"});
}

TEST(ValidatePodUpdate, OnlyImagesAndAFewFieldsMayChange) {
  corev1::Pod old = valid_pod();
  corev1::Pod now = old;
  now.spec.containers[0].image = "hue:2";
  EXPECT_EQ(texts(validate_pod_update(now, old)), Texts());
  now.spec.containers[0].command = {"sh"};
  ASSERT_EQ(validate_pod_update(now, old).size(), 1u);
  EXPECT_TRUE(texts(validate_pod_update(now, old))[0].starts_with(
      "spec: Forbidden: pod updates may not change fields other than"));
}

TEST(ValidateDeployment, TheSelectorMustSelectTheTemplate) {
  appsv1::Deployment d;
  d.metadata.name = "hue";
  d.spec.template_.metadata.labels["app"] = "hue";
  corev1::Container& container = d.spec.template_.spec.containers.emplace_back();
  container.name = "hue";
  container.image = "hue:1";
  api::apply_defaults(api::type_of<appsv1::Deployment>(), &d);
  EXPECT_EQ(
      texts(validate_deployment(d)),
      (Texts{"spec.selector: Required value",
             "spec.template.metadata.labels: Invalid value: {\"app\":\"hue\"}: `selector` does not match "
             "template `labels`"}));
  d.spec.selector.emplace().matchLabels["app"] = "other";
  EXPECT_EQ(texts(validate_deployment(d)),
            Texts{"spec.template.metadata.labels: Invalid value: {\"app\":\"hue\"}: `selector` does not "
                  "match template `labels`"});
}

TEST(ValidateService, PortsAreRequiredUnlessHeadless) {
  corev1::Service service;
  service.metadata.name = "web";
  api::apply_defaults(api::type_of<corev1::Service>(), &service);
  EXPECT_EQ(texts(validate_service(service)), Texts{"spec.ports: Required value"});
  service.spec.clusterIP = "None";
  service.spec.clusterIPs = {"None"};
  EXPECT_EQ(texts(validate_service(service)), Texts());
}

TEST(Defaults, AnImageWithoutATagIsAlwaysPulled) {
  corev1::Pod pod;
  pod.spec.containers.emplace_back().image = "hue";
  pod.spec.containers.emplace_back().image = "registry:5000/hue:1";
  pod.spec.containers.emplace_back().image = "hue@sha256:00";
  api::apply_defaults(api::type_of<corev1::Pod>(), &pod);
  EXPECT_EQ(pod.spec.containers[0].imagePullPolicy, "Always");
  EXPECT_EQ(pod.spec.containers[1].imagePullPolicy, "IfNotPresent");
  EXPECT_EQ(pod.spec.containers[2].imagePullPolicy, "IfNotPresent");
}

}  // namespace
}  // namespace xebec::apiserver::validation
