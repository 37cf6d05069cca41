// What a server holds does not grow with what has happened: a hundred thousand updates, with watches that are
// read and watches that are not.
#include <malloc.h>

#include <fstream>

#include "apiserver/test_api.h"

namespace xebec::apiserver::testing {
namespace {

constexpr int kObjects = 100, kRound = 1000, kRounds = 100, kWarm = 20;

size_t resident_bytes() {
  malloc_trim(0);
  std::ifstream statm("/proc/self/statm");
  size_t total = 0, resident = 0;
  statm >> total >> resident;
  return resident * 4096;
}

Task<Result<api::Object>> changed(const api::Object* current, int i) {
  corev1::ConfigMap map = current->get<corev1::ConfigMap>();
  map.data["k"] = std::to_string(i);
  co_return api::Object::of(std::move(map));
}

Task<bool> update_round(GenericRegistry& registry, Context context, int round) {
  for (int i = 0; i < kRound; ++i) {
    const int number = round * kRound + i;
    Transform transform = [number](const api::Object* current) { return changed(current, number); };
    WriteOptions options;
    options.field_manager = "test";
    options.request_kind = {"", "v1", "ConfigMap"};
    std::string name = "m" + std::to_string(number % kObjects);
    Result<WriteResult> written = co_await registry.update(context, "default", std::move(name),
                                                           std::move(transform), std::move(options));
    if (!written) co_return false;
  }
  co_return true;
}

Task<int> read_round(http::BodyStream& body) {
  int events = 0;
  while (events < kRound) {
    Result<http::Buffer> piece = co_await body.next();
    if (!piece || *piece == nullptr) break;
    ++events;
  }
  co_return events;
}

TEST(Memory, IsFlatOverAHundredThousandUpdates) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "ThreadSanitizer keeps a shadow of every access: resident memory says nothing, and it "
                  "takes many minutes";
#endif
  TestApi api;
  const std::string maps = "/api/v1/namespaces/default/configmaps";
  for (int i = 0; i < kObjects; ++i) api.create_map("m" + std::to_string(i));
  const std::string since = at(api.call({"GET", maps}).second, {"metadata", "resourceVersion"});
  const std::string target = maps + "?watch=true&resourceVersion=" + since;
  std::vector<http::Response> read, unread;
  for (const std::string accept :
       {"application/json", "application/json", "application/vnd.kubernetes.protobuf", "application/cbor"}) {
    read.push_back(api.send({"GET", target, "", {{"Accept", accept}}}));
    unread.push_back(api.send({"GET", target, "", {{"Accept", accept}}}));
  }
  size_t warm = 0;
  for (int round = 0; round < kRounds; ++round) {
    ASSERT_TRUE(api.server.run(update_round(api.server.config_maps(), api.server.context, round)));
    for (http::Response& watch : read) {
      auto& body = std::get<std::unique_ptr<http::BodyStream>>(watch.body);
      ASSERT_EQ(api.server.run(read_round(*body)), kRound);
    }
    ASSERT_TRUE(api.server.run(api.server.store->compact(api.server.store->current_revision() - kRound)));
    if (round + 1 == kWarm) warm = resident_bytes();
  }
  const size_t end = resident_bytes();
  // 80,000 events of half a kilobyte would be 40 MB, and more with what they were before.
  EXPECT_LT(end, warm + (16 << 20)) << warm << " " << end;
  // Who was not read has fallen behind, and is told so.
  http::Response& late = unread[0];
  auto& body = std::get<std::unique_ptr<http::BodyStream>>(late.body);
  Result<http::Buffer> piece = api.server.run(body->next());
  ASSERT_TRUE(piece && *piece);
  EXPECT_NE((*piece)->find("\"reason\":\"Expired\""), std::string::npos) << **piece;
}

}  // namespace
}  // namespace xebec::apiserver::testing
