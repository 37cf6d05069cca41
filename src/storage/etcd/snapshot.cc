#include "storage/etcd/snapshot.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace xebec::storage::etcd {
namespace {

Status failed(const std::string& what, int error) {
  return errors::internal(fmt::format("snapshot: {}: {}", what, std::strerror(error)));
}

// A file that is written from its beginning to its end.
class Output {
 public:
  explicit Output(std::string path) : path_(std::move(path)) {}
  Output(const Output&) = delete;
  ~Output() {
    if (fd_ >= 0) ::close(fd_);
  }

  Result<void> open() {
    fd_ = ::open(path_.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    if (fd_ < 0) return fail(failed(path_, errno));
    return {};
  }
  Result<void> write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return fail(failed(path_, errno));
      bytes.remove_prefix(static_cast<size_t>(n));
    }
    return {};
  }
  Result<void> sync() {
    if (::fsync(fd_) != 0) return fail(failed(path_, errno));
    return {};
  }

 private:
  const std::string path_;
  int fd_ = -1;
};

Result<void> receive(Client& client, Output& out) {
  grpc::ClientContext context;
  if (!client.in_flight()->add(&context)) return fail(store_closed());
  std::shared_ptr<Endpoint> endpoint = client.endpoint();
  auto reader = endpoint->maintenance->Snapshot(&context, pb::SnapshotRequest());
  pb::SnapshotResponse part;
  Result<void> written;
  bool whole = false;
  while (written && reader->Read(&part)) {
    written = out.write(part.blob());
    whole = part.remaining_bytes() == 0;
  }
  if (!written) context.TryCancel();
  const grpc::Status status = reader->Finish();
  client.in_flight()->remove(&context);
  if (!written) return written;
  if (!status.ok()) return fail(unavailable(status));
  if (!whole) return fail(errors::internal("snapshot: etcd ended it early"));
  return out.sync();
}

}  // namespace

Task<Result<void>> save_snapshot(Client& client, std::string dir) {
  std::error_code error;
  if (std::filesystem::exists(dir, error)) {
    co_return fail(errors::bad_request(fmt::format("snapshot: {} exists already", dir)));
  }
  const std::string unfinished = dir + ".tmp";
  std::filesystem::remove_all(unfinished, error);
  if (!std::filesystem::create_directory(unfinished, error)) {
    co_return fail(failed(unfinished, error.value()));
  }
  Output out(unfinished + "/snapshot.db");
  Result<void> done = out.open();
  if (done) done = receive(client, out);
  if (done) {
    std::filesystem::rename(unfinished, dir, error);
    if (error) done = fail(failed(dir, error.value()));
  }
  if (!done) std::filesystem::remove_all(unfinished, error);
  co_return done;
}

}  // namespace xebec::storage::etcd
