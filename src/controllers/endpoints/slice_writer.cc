#include "controllers/endpoints/slice_writer.h"

#include "controllers/pod_helpers.h"

namespace xebec::controllers {
namespace {

using discoveryv1::EndpointSlice;

}  // namespace

void SliceWriter::expect(const std::string& service, const std::string& uid, uint64_t version) {
  Expected& expected = expected_[service][uid];
  expected.version = version;
  expected.since = executor_.now();
}

void SliceWriter::removed(const std::string& service, const std::string& uid) {
  auto of = expected_.find(service);
  if (of == expected_.end()) return;
  of->second.erase(uid);
  if (of->second.empty()) expected_.erase(of);
}

bool SliceWriter::is_stale(const std::string& service, const std::vector<SlicePtr>& seen) {
  auto of = expected_.find(service);
  if (of == expected_.end()) return false;
  std::erase_if(of->second, [&](const auto& entry) {
    const auto& [uid, expected] = entry;
    auto found = std::find_if(seen.begin(), seen.end(),
                              [&](const SlicePtr& slice) { return slice->metadata.uid == uid; });
    if (executor_.now() - expected.since > kTimeout) return true;
    if (expected.version == 0) return found == seen.end();
    return found != seen.end() && revision((*found)->metadata) >= expected.version;
  });
  if (!of->second.empty()) return true;
  expected_.erase(of);
  return false;
}

Task<Result<void>> SliceWriter::apply(std::string service, SlicePlan plan, bool may_create) {
  if (!may_create) plan.create.clear();
  for (const EndpointSlice& slice : plan.create) {
    auto created = co_await rest_.create(Context(), slice);
    bool late = !created && (created.error().is(reason::kNotFound) || created.error().is(reason::kForbidden));
    if (created) expect(service, created->metadata.uid, revision(created->metadata));
    if (!created && !late) co_return fail(std::move(created).error());
  }
  for (const EndpointSlice& slice : plan.update) {
    auto updated = co_await rest_.update(Context(), slice);
    if (updated) expect(service, updated->metadata.uid, revision(updated->metadata));
    bool gone = !updated && updated.error().is(reason::kNotFound);
    if (!updated && !gone) co_return fail(std::move(updated).error());
  }
  for (const SlicePtr& slice : plan.remove) {
    client::DeleteOptions options;
    options.uid = slice->metadata.uid;
    auto deleted = co_await rest_.delete_<EndpointSlice>(Context(), slice->metadata.namespace_,
                                                         slice->metadata.name, std::move(options));
    if (deleted) expect(service, slice->metadata.uid, 0);
    bool gone = !deleted && (deleted.error().is(reason::kNotFound) || deleted.error().is(reason::kConflict));
    if (!deleted && !gone) co_return fail(std::move(deleted).error());
  }
  co_return Result<void>();
}

}  // namespace xebec::controllers
