#include "kubelet/images/image_gc.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

#include "kubelet/problem.h"
#include "kubelet/time.h"

namespace xebec::kubelet {

Task<Result<DiskSpace>> ImageGc::space() {
  CO_TRY(cri::ImageFsInfo info, co_await runtime_.image_fs_info());
  if (info.image_filesystems.empty()) co_return fail(problem("imageFs is not known"));
  co_return machine_.disk(info.image_filesystems[0].mountpoint);
}

// Which images there are, and which of them containers use.
Task<Result<void>> ImageGc::detect(int64_t now) {
  CO_TRY(std::vector<cri::Image> images, co_await runtime_.list_images());
  cri::ContainerFilter any;
  CO_TRY(std::vector<cri::Container> containers, co_await runtime_.list_containers(any));
  std::set<std::string> used;
  for (const cri::Container& container : containers) {
    used.insert(container.image_ref);
    used.insert(container.image_id);
    used.insert(container.image.image);
  }
  std::map<std::string, Known> seen;
  for (const cri::Image& image : images) {
    auto before = images_.find(image.id);
    Known known = before == images_.end() ? Known() : before->second;
    if (known.detected == 0) known.detected = now;
    auto any_used = [&](const auto& names) {
      return std::any_of(names.begin(), names.end(),
                         [&](const std::string& name) { return used.contains(name); });
    };
    known.in_use = used.contains(image.id) || any_used(image.repo_tags) || any_used(image.repo_digests);
    if (known.in_use) known.last_used = now;
    known.size = static_cast<int64_t>(image.size);
    const auto& names = image.repo_tags;
    bool of_sandboxes = std::find(names.begin(), names.end(), options_.sandbox_image) != names.end();
    known.pinned = image.pinned || of_sandboxes;
    seen[image.id] = known;
  }
  images_ = std::move(seen);
  co_return Result<void>();
}

Task<int64_t> ImageGc::free_space(int64_t wanted, int64_t now, Duration min_age) {
  std::vector<std::pair<std::string, Known>> candidates;
  for (const auto& [id, image] : images_) {
    if (!image.in_use && !image.pinned && now - image.detected >= min_age.count())
      candidates.emplace_back(id, image);
  }
  std::sort(candidates.begin(), candidates.end(), [](const auto& a, const auto& b) {
    return std::pair(a.second.last_used, a.second.detected) <
           std::pair(b.second.last_used, b.second.detected);
  });
  int64_t freed = 0;
  for (const auto& [id, image] : candidates) {
    if (freed >= wanted) break;
    cri::ImageSpec spec;
    spec.image = id;
    Result<void> removed = co_await runtime_.remove_image(spec);
    if (!removed) {
      env_.logger.warning("Cannot remove image", {{"image", id}, {"error", removed.error().message}});
      continue;
    }
    env_.logger.info("Removed an image that nobody uses", {{"image", id}});
    images_.erase(id);
    freed += image.size;
  }
  co_return freed;
}

Task<Result<void>> ImageGc::collect() {
  int64_t now = now_nanos(*env_.clock);
  CO_TRY_VOID(co_await detect(now));
  CO_TRY(DiskSpace disk, co_await space());
  if (disk.bytes == 0) co_return fail(problem("invalid capacity 0 on image filesystem"));
  int64_t used_percent = 100 - disk.available_bytes * 100 / disk.bytes;
  if (used_percent < options_.high_percent) co_return Result<void>();
  int64_t wanted = disk.bytes * (100 - options_.low_percent) / 100 - disk.available_bytes;
  int64_t freed = co_await free_space(wanted, now, options_.min_age);
  if (freed >= wanted) co_return Result<void>();
  co_return fail(
      problem(fmt::format("Failed to garbage collect required amount of images. Attempted to free {} "
                          "bytes, but only found {} bytes eligible to free.",
                          wanted, freed)));
}

Task<Result<int64_t>> ImageGc::delete_unused() {
  int64_t now = now_nanos(*env_.clock);
  CO_TRY_VOID(co_await detect(now));
  co_return co_await free_space(std::numeric_limits<int64_t>::max(), now, Duration::zero());
}

Task<void> ImageGc::run(CancelToken token,
                        std::function<void(std::string reason, std::string message)> failed) {
  bool reported = false;
  while (co_await sleep_for(options_.period, token)) {
    Result<void> done = co_await collect();
    // One bad look may be over by the next.
    if (!done && reported) {
      bool no_capacity = done.error().message.find("invalid capacity") != std::string::npos;
      failed(no_capacity ? "InvalidDiskCapacity" : "FreeDiskSpaceFailed", done.error().message);
    }
    reported = !done;
  }
}

}  // namespace xebec::kubelet
