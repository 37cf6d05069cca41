#include "kubelet/runtime/images.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "kubelet/runtime/host.h"
#include "kubelet/runtime/program.h"

namespace xebec::containerd {
namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;

std::vector<std::string> ctr(const std::string& socket, std::vector<std::string> arguments) {
  std::vector<std::string> command = {"ctr", "--address", socket, "--namespace", "k8s.io", "images"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

}  // namespace

std::map<std::string, std::string> parse_refs(const std::string& text) {
  std::map<std::string, std::string> result;
  std::stringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    size_t tab = line.find('\t');
    if (tab != std::string::npos) result[line.substr(0, tab)] = line.substr(tab + 1);
  }
  return result;
}

std::map<std::string, std::string> parse_image_list(const std::string& text) {
  std::map<std::string, std::string> result;
  std::stringstream lines(text);
  std::string line;
  std::getline(lines, line);  // REF TYPE DIGEST ...
  while (std::getline(lines, line)) {
    std::stringstream columns(line);
    std::string name, type, digest;
    if (columns >> name >> type >> digest) result[name] = digest;
  }
  return result;
}

void ImageArchives::add_folder(const std::string& folder) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() != ".tar") continue;
    fs::path refs = entry.path();
    std::map<std::string, std::string> images =
        parse_refs(read_file(refs.replace_extension(".refs").string()));
    for (const auto& [name, digest] : images) archive_of_[name] = entry.path().string();
    archives_[entry.path().string()] = std::move(images);
  }
}

Task<Result<int>> ImageArchives::import_all() {
  std::vector<std::string> list = ctr(socket_, {"ls"});
  CO_TRY(std::string listing, co_await check_program(std::move(list), seconds(30)));
  std::map<std::string, std::string> present = parse_image_list(listing);
  int imported = 0;
  for (const auto& [archive, images] : archives_) {
    bool complete = std::all_of(images.begin(), images.end(), [&](const auto& image) {
      auto it = present.find(image.first);
      return it != present.end() && it->second == image.second;
    });
    if (complete) continue;
    AsyncMutex::Guard guard = co_await importing_.lock();
    CO_TRY_VOID(co_await import(archive));
    ++imported;
  }
  co_return imported;
}

Task<Result<void>> ImageArchives::import_one(std::string image) {
  auto it = archive_of_.find(image);
  if (it == archive_of_.end()) co_return fail(errors::internal("no archive has the image " + image));
  AsyncMutex::Guard guard = co_await importing_.lock();
  co_return co_await import(it->second);
}

Task<Result<void>> ImageArchives::import(std::string archive) {
  // Unpacked when a container needs it: most nodes never run most images.
  std::vector<std::string> command = ctr(socket_, {"import", "--no-unpack", archive});
  CO_TRY_VOID(co_await check_program(std::move(command), seconds(120)));
  logger_.info("Imported images", {{"archive", archive}});
  co_return Result<void>();
}

}  // namespace xebec::containerd
