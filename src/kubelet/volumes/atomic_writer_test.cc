#include "kubelet/volumes/atomic_writer.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace xebec::kubelet {
namespace {

namespace fs = std::filesystem;

class AtomicWriterTest : public testing::Test {
 protected:
  AtomicWriterTest() {
    char name[] = "/tmp/xebec-atomic-XXXXXX";
    dir = mkdtemp(name);
  }
  ~AtomicWriterTest() override { fs::remove_all(dir); }
  std::string read(const std::string& path) {
    std::ifstream in(dir + "/" + path);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
  }
  std::string dir;
  SystemClock clock;
};

TEST_F(AtomicWriterTest, FilesAppearThroughOneLinkAndChangeTogether) {
  ProjectedFiles files = {{"a", {"1", 0644}}, {"deep/b", {"2", 0400}}};
  ASSERT_TRUE(write_atomically(dir, files, std::nullopt, clock));
  EXPECT_EQ(read("a"), "1");
  EXPECT_EQ(read("deep/b"), "2");
  EXPECT_EQ(fs::read_symlink(dir + "/a").string(), "..data/a");
  struct stat info {};
  ASSERT_EQ(::stat((dir + "/deep/b").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0400U);
  std::string before = fs::read_symlink(dir + "/..data").string();

  ASSERT_TRUE(write_atomically(dir, files, std::nullopt, clock));
  EXPECT_EQ(fs::read_symlink(dir + "/..data").string(), before);

  files = {{"a", {"3", 0644}}};
  ASSERT_TRUE(write_atomically(dir, files, std::nullopt, clock));
  EXPECT_EQ(read("a"), "3");
  EXPECT_FALSE(fs::exists(dir + "/deep"));
  EXPECT_FALSE(fs::exists(dir + "/" + before));
}

TEST_F(AtomicWriterTest, PathsThatLeaveTheVolumeAreRefused) {
  for (const char* path : {"../x", "a/../../x", "/etc/passwd", "", "..data"}) {
    ProjectedFiles files = {{path, {"x", 0644}}};
    EXPECT_FALSE(write_atomically(dir, files, std::nullopt, clock)) << path;
  }
}

}  // namespace
}  // namespace xebec::kubelet
