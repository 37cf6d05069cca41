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

std::vector<fs::path> archives(const std::string& folder) {
  std::vector<fs::path> result;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".tar") result.push_back(entry.path());
  }
  // The smallest first: the sandbox image is among them, and nothing runs without it.
  std::sort(result.begin(), result.end(), [](const fs::path& a, const fs::path& b) {
    std::error_code ignored;
    return std::pair(fs::file_size(a, ignored), a) < std::pair(fs::file_size(b, ignored), b);
  });
  return result;
}

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

Task<Result<int>> ImageArchives::import_all(std::string folder) {
  std::vector<std::string> list = ctr(socket_, {"ls"});
  CO_TRY(std::string listing, co_await check_program(std::move(list), seconds(30)));
  std::map<std::string, std::string> present = parse_image_list(listing);
  int imported = 0;
  for (const fs::path& archive : archives(folder)) {
    fs::path refs = archive;
    std::map<std::string, std::string> wanted = parse_refs(read_file(refs.replace_extension(".refs").string()));
    bool complete = true;
    for (const auto& [name, digest] : wanted) {
      archives_[name] = archive.string();
      auto it = present.find(name);
      complete = complete && it != present.end() && it->second == digest;
    }
    if (complete) continue;
    CO_TRY_VOID(co_await import(archive.string()));
    ++imported;
  }
  co_return imported;
}

Task<Result<bool>> ImageArchives::import_one(std::string image) {
  auto it = archives_.find(image);
  if (it == archives_.end()) co_return false;
  CO_TRY_VOID(co_await import(it->second));
  co_return true;
}

Task<Result<void>> ImageArchives::import(std::string archive) {
  // Unpacked when a container needs it: most nodes never run most images.
  std::vector<std::string> command = ctr(socket_, {"import", "--no-unpack", archive});
  CO_TRY_VOID(co_await check_program(std::move(command), seconds(120)));
  logger_.info("Imported images", {{"archive", archive}});
  co_return Result<void>();
}

}  // namespace xebec::containerd
