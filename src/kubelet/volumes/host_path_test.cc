#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "kubelet/volumes/host_volumes.h"

namespace xebec::kubelet {
namespace {

namespace fs = std::filesystem;

class HostPathTest : public ::testing::Test {
 protected:
  HostPathTest() {
    char name[] = "/tmp/xebec-hp-XXXXXX";
    base_ = mkdtemp(name);
    std::ofstream(base_ + "/file") << "x";
  }
  ~HostPathTest() override { fs::remove_all(base_); }

  // Empty when it is fine.
  static std::string why_not(const std::string& path, const char* type) {
    Result<void> checked = check_host_path(path, type);
    return checked ? "" : checked.error().message;
  }
  std::string is_not(const std::string& path, const char* what) {
    return "hostPath type check failed: " + path + " is not " + what;
  }

  std::string base_;
};

TEST_F(HostPathTest, AnythingGoesWithoutAType) {
  EXPECT_EQ(why_not(base_ + "/nothing", ""), "");
  EXPECT_FALSE(fs::exists(base_ + "/nothing")) << "the runtime makes it";
}

TEST_F(HostPathTest, WhatIsToBeMadeIsMade) {
  EXPECT_EQ(why_not(base_ + "/a/b", "DirectoryOrCreate"), "");
  struct stat info {};
  ASSERT_EQ(::stat((base_ + "/a/b").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0755U);
  EXPECT_EQ(why_not(base_ + "/new", "FileOrCreate"), "");
  ASSERT_EQ(::stat((base_ + "/new").c_str(), &info), 0);
  EXPECT_TRUE(S_ISREG(info.st_mode));
  EXPECT_EQ(info.st_mode & 07777, 0644U);
  EXPECT_NE(why_not(base_ + "/no/parent", "FileOrCreate"), "") << "parents are not";
}

TEST_F(HostPathTest, AnotherTypeIsRefused) {
  std::string file = base_ + "/file", gone = base_ + "/gone";
  EXPECT_EQ(why_not(file, "DirectoryOrCreate"), is_not(file, "a directory"));
  EXPECT_EQ(why_not(file, "Directory"), is_not(file, "a directory"));
  EXPECT_EQ(why_not(gone, "Directory"), is_not(gone, "a directory"));
  EXPECT_EQ(why_not(base_, "FileOrCreate"), is_not(base_, "a file"));
  EXPECT_EQ(why_not(base_, "File"), is_not(base_, "a file"));
  EXPECT_EQ(why_not(gone, "File"), is_not(gone, "a file"));
  EXPECT_EQ(why_not(file, "Socket"), is_not(file, "a socket file"));
  EXPECT_EQ(why_not(file, "CharDevice"), is_not(file, "a character device"));
  EXPECT_EQ(why_not(file, "BlockDevice"), is_not(file, "a block device"));
  EXPECT_EQ(why_not("/dev/null", "CharDevice"), "");
  EXPECT_EQ(why_not(file, "File"), "");
  EXPECT_EQ(why_not(file, "Pipe"), "Pipe is an invalid volume type");
}

TEST_F(HostPathTest, ASocketIsOne) {
  std::string path = base_ + "/s";
  int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
  ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_EQ(why_not(path, "Socket"), "");
  ::close(fd);
}

}  // namespace
}  // namespace xebec::kubelet
