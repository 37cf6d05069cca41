// For tests: the archives of round-trip vectors under XEBEC_SHARED_DATA, every kind of several releases with
// every field set, as JSON, YAML and protobuf.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "api/scheme.h"

namespace xebec::codec {

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

class VectorFiles : public ::testing::Test {
 protected:
  // "v1.36", or "older": 1.20.2, 1.33 to 1.35, and versions that came and went between them. Skips the test
  // where there are none.
  void unpack(const std::string& name) {
    namespace fs = std::filesystem;
    const fs::path archive = fs::path(XEBEC_SHARED_DATA) / "facts/vectors" / (name + ".tar.zst");
    if (!fs::exists(archive)) GTEST_SKIP() << "no vectors at " << archive;
    std::string pattern = (fs::temp_directory_path() / "xebec-vectors-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    dir_ = pattern;
    const std::string command =
        "zstd -dcq --long=27 '" + archive.string() + "' | tar -x -C '" + dir_.string() + "'";
    ASSERT_EQ(std::system(command.c_str()), 0);
  }
  ~VectorFiles() override {
    if (!dir_.empty()) std::filesystem::remove_all(dir_);
  }
  std::vector<std::filesystem::path> files(std::string_view extension) const {
    std::vector<std::filesystem::path> out;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(dir_)) {
      if (entry.path().extension() == extension) out.push_back(entry.path());
    }
    std::sort(out.begin(), out.end());
    return out;
  }
  // From the file's name, "apps.v1.Deployment.json": a watch event's text does not say what it is.
  const api::Message* type_of(const std::filesystem::path& file) const {
    std::string name = file.stem();
    if (name.ends_with(".after_roundtrip"))
      name.resize(name.size() - std::string_view(".after_roundtrip").size());
    std::size_t kind = name.rfind('.'), version = name.rfind('.', kind - 1);
    std::string group = name.substr(0, version);
    std::string v = name.substr(version + 1, kind - version - 1), k = name.substr(kind + 1);
    const api::Message* type = scheme_.find(group == "core" ? "" : group, v, k);
    return type ? type : scheme_.find("", "v1", k);  // Status and the like of versions that are gone
  }
  std::filesystem::path dir_;
  const api::Scheme scheme_ = api::Scheme::builtin();
};

}  // namespace xebec::codec
