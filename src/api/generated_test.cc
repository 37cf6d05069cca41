// The generated types and their tables, seen as a user of both.
#include <algorithm>
#include <set>

#include "api/gen/apiextensionsv1.h"
#include "api/gen/appsv1.h"
#include "api/gen/authenticationv1.h"
#include "api/gen/corev1.h"
#include "api/gen/metav1.h"
#include "api/object.h"
#include "api/scheme.h"

namespace xebec::api {
namespace {

TEST(GeneratedTypes, CopiesAreDeepAndEqual) {
  corev1::Pod pod;
  pod.metadata.name = "web";
  pod.metadata.labels["app"] = "web";
  auto& c = pod.spec.containers.emplace_back();
  c.image = "nginx";
  c.resources.limits["cpu"] = Quantity::must_parse("100m");
  c.livenessProbe.emplace().httpGet.emplace().port = 80;
  pod.spec.volumes.emplace_back().configMap.emplace().name = "conf";
  pod.spec.terminationGracePeriodSeconds = 0;

  corev1::Pod copy = pod;
  EXPECT_EQ(copy, pod);
  copy.spec.containers[0].livenessProbe->httpGet->port = 81;
  EXPECT_NE(copy, pod);
  copy = pod;
  EXPECT_EQ(copy, pod);
  copy.spec.volumes[0].configMap->name = "other";
  EXPECT_NE(copy, pod);
  const corev1::Pod moved = std::move(copy);
  EXPECT_EQ(moved.spec.volumes[0].configMap->name, "other");
}

TEST(GeneratedTypes, EqualityIsSemantic) {
  corev1::ResourceRequirements a, b;
  a.limits["memory"] = Quantity::must_parse("1Gi");
  b.limits["memory"] = Quantity::must_parse("1073741824");
  EXPECT_EQ(a, b);
  b.limits["cpu"] = Quantity::must_parse("1");
  EXPECT_NE(a, b);
}

TEST(GeneratedTypes, RecursiveTypesCopy) {
  apiextensionsv1::JSONSchemaProps schema;
  schema.properties["spec"].properties["replicas"].type = "integer";
  schema.items.emplace().schema.emplace().type = "string";
  const apiextensionsv1::JSONSchemaProps copy = schema;
  EXPECT_EQ(copy, schema);
  EXPECT_EQ(copy.properties.at("spec").properties.at("replicas").type, "integer");
}

TEST(Tables, FieldsReachEveryRepresentation) {
  const Message& type = type_of<corev1::Container>();
  corev1::Container c;
  const Field* image = type.find("image");
  ASSERT_NE(image, nullptr);
  *static_cast<std::string*>(image->get(&c)) = "nginx";
  EXPECT_EQ(c.image, "nginx");

  const Field* probe = type.find("livenessProbe");
  EXPECT_EQ(probe->get(&c), nullptr);
  EXPECT_TRUE(probe->omitted(&c));
  static_cast<corev1::Probe*>(probe->ensure(&c))->periodSeconds = 5;
  EXPECT_EQ(c.livenessProbe->periodSeconds, 5);
  probe->clear(&c);
  EXPECT_FALSE(c.livenessProbe);

  const Field* args = type.find("args");
  *static_cast<std::string*>(args->list->append(args->ptr(&c))) = "a";
  *static_cast<std::string*>(args->list->append(args->ptr(&c))) = "b";
  args->erase_at(&c, 0);
  EXPECT_EQ(c.args, std::vector<std::string>{"b"});
  EXPECT_EQ(type.find("Image"), nullptr);
  EXPECT_EQ(type.find_fold("Image"), image);
}

TEST(Tables, EmbeddedFieldsArePromotedWithTheirOffsets) {
  corev1::Volume volume;
  volume.name = "v";
  const Field* secret = type_of<corev1::Volume>().find("secret");
  ASSERT_NE(secret, nullptr);
  static_cast<corev1::SecretVolumeSource*>(secret->ensure(&volume))->secretName = "s";
  EXPECT_EQ(volume.secret->secretName, "s");
  EXPECT_EQ(type_of<corev1::Volume>().fields[0].name, "name");
}

TEST(Tables, OptionsOfTheSchemaAreThere) {
  const Field* containers = type_of<corev1::PodSpec>().find("containers");
  EXPECT_TRUE(containers->required);
  EXPECT_EQ(containers->list_type, ListType::Map);
  ASSERT_EQ(containers->map_keys.size(), 1u);
  EXPECT_EQ(containers->map_keys[0], "name");
  EXPECT_EQ(containers->patch, Patch::kMerge);
  EXPECT_EQ(containers->merge_key, "name");
  EXPECT_EQ(type_of<corev1::PodSpec>().find("volumes")->patch, Patch::kMerge | Patch::kRetainKeys);
  EXPECT_EQ(type_of<authenticationv1::ExtraValue>().form, Form::List);
  EXPECT_EQ(type_of<corev1::PodSpec>().find("restartPolicy")->values.size(), 3u);
}

TEST(Object, KnowsItsTypeAndMetadata) {
  appsv1::Deployment d;
  d.metadata.name = "web";
  Object object = Object::of(d);
  ASSERT_NE(object.meta(), nullptr);
  EXPECT_EQ(object.meta()->name, "web");
  EXPECT_EQ(object.list_meta(), nullptr);
  EXPECT_EQ(object.gvk().str(), "apps/v1, Kind=Deployment");
  EXPECT_NE(object.as<appsv1::Deployment>(), nullptr);
  EXPECT_EQ(object.as<corev1::Pod>(), nullptr);
  Object copy = object.clone();
  EXPECT_TRUE(copy == object);
  copy.meta()->name = "other";
  EXPECT_FALSE(copy == object);
}

class SchemeTest : public ::testing::Test {
 protected:
  const Scheme scheme_ = Scheme::builtin();
};

TEST_F(SchemeTest, FindsKindsAndResources) {
  EXPECT_EQ(scheme_.find("", "v1", "Pod"), &type_of<corev1::Pod>());
  EXPECT_EQ(scheme_.find("apps", "v1", "DeleteOptions"), &type_of<metav1::DeleteOptions>());
  EXPECT_EQ(scheme_.find("apps", "v1", "Nothing"), nullptr);
  EXPECT_EQ(scheme_.find_message("k8s.io.api.core.v1.Container"), &type_of<corev1::Container>());
  const Resource* pods = scheme_.resource("", "v1", "pods");
  ASSERT_NE(pods, nullptr);
  EXPECT_EQ(pods->etcd_prefix(), "/registry/pods/");
  EXPECT_EQ(pods->list_message, &type_of<corev1::PodList>());
  EXPECT_EQ(pods->subresource("eviction")->kind.kind, "Eviction");
  EXPECT_TRUE(pods->has_verb("watch"));
  EXPECT_EQ(scheme_.resource_of_kind("apps", "v1", "Deployment")->plural, "deployments");
}

TEST_F(SchemeTest, EveryResourceIsComplete) {
  std::set<std::string> seen;
  for (const Resource* r : scheme_.resources()) {
    const std::string id =
        std::string(r->group) + "/" + std::string(r->version) + "/" + std::string(r->plural);
    EXPECT_TRUE(seen.insert(id).second) << id;
    ASSERT_NE(r->message, nullptr) << id;
    EXPECT_NE(scheme_.group(r->group), nullptr) << id;
    EXPECT_TRUE(!r->has_verb("list") || (r->list_message && r->list_message->items())) << id;
    EXPECT_TRUE(!r->stored() || scheme_.storage_message(*r)) << id;
    for (const Subresource& s : r->subresources)
      EXPECT_NE(scheme_.find(s.kind.group, s.kind.version, s.kind.kind), nullptr) << id << "/" << s.name;
  }
  EXPECT_GE(seen.size(), 150u);
}

TEST_F(SchemeTest, RemovedVersionsComeLastInTheirGroup) {
  // A version may be alive for one kind and gone for another: it counts as served.
  const auto served = [&](const Resource& r) {
    const auto versions = scheme_.group(r.group)->versions;
    return std::find(versions.begin(), versions.end(), r.version) != versions.end();
  };
  std::set<std::string_view> groups_past_served;
  for (const Resource* r : scheme_.resources()) {
    EXPECT_TRUE(r->removed || served(*r)) << r->group << "/" << r->version;
    if (!served(*r)) groups_past_served.insert(r->group);
    EXPECT_FALSE(served(*r) && groups_past_served.contains(r->group)) << r->group << "/" << r->version;
  }
  EXPECT_EQ(scheme_.resources()[0]->group, "");
}

TEST_F(SchemeTest, EveryMessageCanBeMadeClonedAndCompared) {
  for (const Message* m : scheme_.messages()) {
    Object zero(*m);
    Object copy = zero.clone();
    EXPECT_TRUE(zero == copy) << m->full_name;
    EXPECT_TRUE(is_zero_value(Kind::Message, m, zero.data())) << m->full_name;
    for (std::size_t i = 1; i < m->wire.size(); ++i)
      EXPECT_LT(m->wire[i - 1].tag, m->wire[i].tag) << m->full_name;
    for (const Field& f : m->fields) EXPECT_EQ(m->find(f.name), &f) << m->full_name << "." << f.name;
  }
}

}  // namespace
}  // namespace xebec::api
