#include "kubelet/cri/image_name.h"

#include <gtest/gtest.h>

namespace xebec::cri {
namespace {

TEST(ImageName, IsCompletedAsContainerdDoes) {
  EXPECT_EQ(full_image_name("busybox"), "docker.io/library/busybox:latest");
  EXPECT_EQ(full_image_name("g1g1/hue-learn:v3.0"), "docker.io/g1g1/hue-learn:v3.0");
  EXPECT_EQ(full_image_name("localhost:5000/a"), "localhost:5000/a:latest");
  EXPECT_EQ(full_image_name("r.io/a@sha256:0123"), "r.io/a@sha256:0123");
}

TEST(ImageName, GoodOnesAreAccepted) {
  const std::string digest = "@sha256:" + std::string(64, 'a');
  for (const std::string& image :
       {std::string("busybox"), std::string("the_g1g1/hue-music"), std::string("a.b/c--d__e/f:V1.0_x-"),
        std::string("localhost:5000/a:1"), "r.example.com/x/y:t" + digest, "x" + digest,
        std::string("[::1]:5000/a"), std::string("Registry/a")}) {
    EXPECT_EQ(image_name_problem(image), "") << image;
  }
}

TEST(ImageName, BadOnesAreRefusedInUpstreamsWords) {
  for (const char* image : {"", "nginx:1.14 ", "a:b:c", "/a", "a//b", "a/", "-a", "a-", "a___b", "a..b",
                            "a:", "a@sha256:12", "ex_ample.com:x/a"}) {
    EXPECT_EQ(image_name_problem(image), "invalid reference format") << image;
  }
  EXPECT_EQ(image_name_problem("Busybox"),
            "invalid reference format: repository name (library/Busybox) must be lowercase");
  EXPECT_EQ(image_name_problem("g1g1/Hue:v1"),
            "invalid reference format: repository name (g1g1/Hue) must be lowercase");
  EXPECT_EQ(image_name_problem(std::string(64, 'a')), "invalid repository name (" + std::string(64, 'a') +
                                                          "), cannot specify 64-byte hexadecimal strings");
  EXPECT_EQ(image_name_problem(std::string(300, 'a')),
            "repository name must not be more than 255 characters");
}

}  // namespace
}  // namespace xebec::cri
