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

Task<Result<int>> import_images(std::string socket, std::string folder, Logger logger) {
  std::vector<std::string> ctr = {"ctr", "--address", socket, "--namespace", "k8s.io", "images"};
  std::vector<std::string> list = ctr;
  list.push_back("ls");
  CO_TRY(std::string listing, co_await check_program(std::move(list), seconds(30)));
  std::map<std::string, std::string> present = parse_image_list(listing);
  int imported = 0;
  for (const fs::path& archive : archives(folder)) {
    fs::path refs = archive;
    std::map<std::string, std::string> wanted = parse_refs(read_file(refs.replace_extension(".refs").string()));
    bool complete = !wanted.empty() && std::all_of(wanted.begin(), wanted.end(), [&](const auto& image) {
      auto it = present.find(image.first);
      return it != present.end() && it->second == image.second;
    });
    if (complete) continue;
    std::vector<std::string> import = ctr;
    // Unpacked when a container needs it: most nodes never run most images.
    for (const char* word : {"import", "--no-unpack"}) import.push_back(word);
    import.push_back(archive.string());
    CO_TRY_VOID(co_await check_program(std::move(import), seconds(120)));
    logger.info("Imported images", {{"archive", archive.string()}, {"images", wanted.size()}});
    ++imported;
  }
  co_return imported;
}

}  // namespace xebec::containerd
