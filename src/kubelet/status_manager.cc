#include "kubelet/status_manager.h"

#include "codec/json.h"
#include "codec/view.h"
#include "kubelet/pods/pod_status.h"

namespace xebec::kubelet {
namespace {

constexpr int kWriters = 4;

int64_t version_of(const std::string& text) { return std::atoll(text.c_str()); }

codec::Value tree(const corev1::PodStatus& status) {
  return codec::to_value(codec::View(api::type_of<corev1::PodStatus>(), &status));
}

}  // namespace

std::string status_patch(const std::string& uid, const corev1::PodStatus& have,
                         const corev1::PodStatus& want) {
  codec::Value before = tree(have), after = tree(want);
  codec::Value status;
  for (const codec::ValueMember& member : *after.as_map()) {
    const codec::Value* old = before.find(member.key);
    if (old != nullptr && *old == member.value) continue;
    if (member.key == "conditions") {
      // Only our own, and only those that changed: the list merges by type.
      codec::ValueList changed;
      for (const codec::Value& condition : *member.value.as_list()) {
        std::string_view type = condition.find("type")->string_or();
        if (!is_kubelet_condition(type) && type != kDisruptionTarget) continue;
        bool same = false;
        if (old != nullptr) {
          for (const codec::Value& one : *old->as_list()) same |= one == condition;
        }
        if (same) continue;
        // A merge keeps what it is not told of: reasons and messages that are over are named.
        codec::Value whole = condition;
        for (std::string_view key : {"reason", "message"}) {
          if (whole.find(key) == nullptr) whole[key] = codec::Value(nullptr);
        }
        changed.push_back(std::move(whole));
      }
      if (!changed.empty()) status["conditions"] = codec::Value(std::move(changed));
    } else if (member.key == "podIPs" || member.key == "hostIPs") {
      codec::ValueList list = *member.value.as_list();
      codec::Value replace;
      replace["$patch"] = codec::Value("replace");
      list.insert(list.begin(), std::move(replace));
      status[member.key] = codec::Value(std::move(list));
    } else {
      status[member.key] = member.value;
    }
  }
  for (const codec::ValueMember& member : *before.as_map()) {
    if (after.find(member.key) == nullptr && member.key != "conditions")
      status[member.key] = codec::Value(nullptr);
  }
  if (!status.is_map() || status.as_map()->empty()) return "";
  codec::Value patch;
  patch.set_path({"metadata", "uid"}, codec::Value(uid));
  patch["status"] = std::move(status);
  return codec::to_json(patch);
}

void StatusManager::start(Scope& scope) {
  client::run_controller(
      scope, queue_, kWriters, [this](std::string uid) { return sync(std::move(uid)); }, env_.logger);
}

void StatusManager::set(std::shared_ptr<const corev1::Pod> pod, corev1::PodStatus status) {
  const std::string uid = pod->metadata.uid;
  Entry& entry = entries_[uid];
  bool same = entry.pod && entry.status == status && entry.pod->status == pod->status;
  entry.pod = std::move(pod);
  entry.status = std::move(status);
  if (!same || !entry.was_written) queue_.add(uid);
}

void StatusManager::finish(const std::string& uid) {
  auto it = entries_.find(uid);
  if (it == entries_.end()) return;
  it->second.finished = true;
  queue_.add(uid);
}

bool StatusManager::finished(const std::string& uid) const {
  auto it = entries_.find(uid);
  return it != entries_.end() && it->second.finished;
}

const corev1::PodStatus* StatusManager::status(const std::string& uid) const {
  auto it = entries_.find(uid);
  return it == entries_.end() ? nullptr : &it->second.status;
}

Task<Result<void>> StatusManager::sync(std::string uid) {
  auto it = entries_.find(uid);
  if (it == entries_.end()) co_return Result<void>();
  std::shared_ptr<const corev1::Pod> pod = it->second.pod;
  corev1::PodStatus want = it->second.status;
  bool finished = it->second.finished;
  const std::string ns = pod->metadata.namespace_, name = pod->metadata.name;
  Context context;
  // The informer may lag behind our own last write.
  const Entry& entry = it->second;
  bool lagging = entry.was_written && version_of(pod->metadata.resourceVersion) < entry.written_version;
  std::string patch = status_patch(uid, lagging ? entry.written : pod->status, want);
  if (!patch.empty()) {
    client::WriteOptions options;
    options.subresource = "status";
    Result<corev1::Pod> answer = co_await rest_.patch<corev1::Pod>(
        context, ns, name, client::PatchType::kStrategic, std::move(patch), options);
    if (!answer) {
      // Gone, or another pod of the same name: nobody wants this status any more.
      if (answer.error().is(reason::kNotFound) || answer.error().is(reason::kConflict))
        co_return Result<void>();
      co_return fail(answer.error());
    }
    it = entries_.find(uid);
    if (it == entries_.end()) co_return Result<void>();
    it->second.was_written = true;
    it->second.written = want;
    it->second.written_version = version_of(answer->metadata.resourceVersion);
  } else {
    it->second.was_written = true;
    it->second.written = want;
  }
  if (!finished || !pod->metadata.deletionTimestamp) co_return Result<void>();
  client::DeleteOptions options;
  options.grace_period_seconds = 0;
  options.uid = uid;
  Result<void> removed = co_await rest_.delete_<corev1::Pod>(context, ns, name, options);
  if (!removed && !removed.error().is(reason::kNotFound) && !removed.error().is(reason::kConflict)) {
    co_return fail(removed.error());
  }
  co_return Result<void>();
}

}  // namespace xebec::kubelet
