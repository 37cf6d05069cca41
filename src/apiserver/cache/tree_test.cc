#include "apiserver/cache/tree.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "api/gen/corev1.h"
#include "api/gen/metav1.h"
#include "apiserver/cache/format.h"
#include "codec/protobuf.h"

namespace xebec::apiserver {
namespace {

std::shared_ptr<const EntryFormat> config_map_format() {
  FormatOptions options;
  options.stored = &api::type_of<corev1::ConfigMap>();
  options.namespaced = true;
  return make_builtin_format(std::move(options));
}

EntryPtr entry(const std::shared_ptr<const EntryFormat>& format, const std::string& key, int64_t revision) {
  corev1::ConfigMap map;
  map.metadata.name = key;
  return *Entry::make(format, key, revision, *format->encode(api::Object::of(std::move(map))));
}

TEST(EntryTree, AgreesWithASortedMapWhileOldVersionsStay) {
  const auto format = config_map_format();
  std::mt19937 random(42);
  std::map<std::string, int64_t> model;
  std::vector<std::pair<EntryTree, std::map<std::string, int64_t>>> versions;
  EntryTree tree;
  for (int batch = 0; batch < 200; ++batch) {
    EntryTreeEditor editor(tree);
    for (int i = 0; i < 20; ++i) {
      const std::string key = "k" + std::to_string(random() % 700);
      if (random() % 3 == 0 || (batch > 120 && random() % 2 == 0)) {
        EXPECT_EQ(editor.erase(key) != nullptr, model.erase(key) == 1);
      } else {
        const int64_t revision = batch * 20 + i + 1;
        const EntryPtr previous = editor.set(entry(format, key, revision));
        EXPECT_EQ(previous ? previous->revision() : 0, model.contains(key) ? model[key] : 0);
        model[key] = revision;
      }
    }
    tree = editor.commit();
    if (batch % 10 == 0) versions.emplace_back(tree, model);
  }
  versions.emplace_back(tree, model);
  for (const auto& [kept, expected] : versions) {
    ASSERT_EQ(kept.size(), expected.size());
    auto it = expected.begin();
    kept.scan("", "", [&](const EntryPtr& e) {
      EXPECT_EQ(e->key(), it->first);
      EXPECT_EQ(e->revision(), it->second);
      ++it;
      return true;
    });
    for (int i = 0; i < 50; ++i) {
      const std::string a = "k" + std::to_string(random() % 700), b = "k" + std::to_string(random() % 700);
      const auto from = expected.lower_bound(a), to = expected.lower_bound(b);
      EXPECT_EQ(kept.count(a, b), a < b ? static_cast<size_t>(std::distance(from, to)) : 0u);
      EXPECT_EQ(kept.find(a) != nullptr, expected.contains(a));
    }
  }
}

TEST(EntryTree, IsBuiltInOrder) {
  const auto format = config_map_format();
  std::vector<EntryPtr> entries;
  entries.reserve(5000);
  for (int i = 0; i < 5000; ++i) entries.push_back(entry(format, "k" + std::to_string(100000 + i), i + 1));
  const EntryTree tree = EntryTree::build(entries);
  EXPECT_EQ(tree.size(), 5000u);
  EXPECT_EQ(tree.find("k103210")->revision(), 3211);
  EXPECT_EQ(tree.count("k101000", "k102000"), 1000u);
}

TEST(Entry, WritesTheMessageWithItsResourceVersion) {
  const auto format = config_map_format();
  corev1::ConfigMap map;
  map.metadata.name = "a";
  map.metadata.namespace_ = "n";
  map.metadata.uid = "u";
  map.metadata.generation = 3;
  map.metadata.labels["l"] = "v";
  map.metadata.labels["m"] = "w";
  map.metadata.finalizers = {"f/x"};
  map.metadata.ownerReferences.emplace_back().uid = "o";
  map.metadata.ownerReferences[0].controller = true;
  map.data["k"] = std::string(300, 'x');
  const EntryPtr made =
      *Entry::make(format, "/registry/configmaps/n/a", 1234567, *format->encode(api::Object::of(map)));
  map.metadata.resourceVersion = "1234567";
  std::string bytes;
  made->append_message(bytes);
  EXPECT_EQ(bytes, codec::encode_protobuf(api::type_of<corev1::ConfigMap>(), &map));
  EXPECT_EQ(bytes.size(), made->message_size());
  EXPECT_EQ(made->meta().name, "a");
  EXPECT_EQ(made->meta().namespace_, "n");
  EXPECT_EQ(made->meta().generation, 3);
  EXPECT_EQ(made->meta().label("m")->value, "w");
  EXPECT_EQ(made->meta().label("z"), nullptr);
  EXPECT_TRUE(made->meta().owners[0].controller);
  EXPECT_EQ(made->meta().finalizers[0], "f/x");
  EXPECT_EQ((*made->object())->get<corev1::ConfigMap>(), map);
  EXPECT_EQ(*made->object(), *made->object()) << "held objects are shared";
  EXPECT_EQ((*made->at_revision(7)->object())->meta()->resourceVersion, "7");
}

TEST(Entry, RefusesBytesThatAreNoObject) {
  const auto format = config_map_format();
  for (const char* bytes : {"", "{}", "k8s", "nonsense"})
    EXPECT_FALSE(Entry::make(format, "k", 1, std::make_shared<const std::string>(bytes)));
  EXPECT_FALSE(
      Entry::make(format, "k", 1, std::make_shared<const std::string>(std::string("k8s\0\x12\xff", 6))));
}

}  // namespace
}  // namespace xebec::apiserver
