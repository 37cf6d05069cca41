#include "kubelet/images/image_gc.h"

#include "kubelet/kubelet_fixture.h"

namespace xebec::kubelet {
namespace {

class ImageGcTest : public KubeletTest {
 protected:
  void fill(int percent) {
    machine.left.disk.bytes = 100 << 20;
    machine.left.disk.available_bytes = (100LL - percent) << 20;
  }
  size_t images() { return sim.await(runtime->list_images()).value().size(); }
};

TEST_F(ImageGcTest, ImagesGoWhenTheDiskIsNearlyFullTheLongestUnusedFirst) {
  ImageGc gc(sim.env, *runtime, machine);
  for (int i = 0; i < 9; ++i) runtime->add_image("i" + std::to_string(i));
  fill(84);
  ASSERT_TRUE(sim.await(gc.collect()));
  EXPECT_EQ(images(), 9U);
  fill(86);
  Result<void> young = sim.await(gc.collect());
  ASSERT_FALSE(young) << "none is old enough";
  EXPECT_EQ(young.error().message,
            "Failed to garbage collect required amount of images. Attempted to free 6291456 bytes, but only "
            "found 0 "
            "bytes eligible to free.");
  sim.run_for(3min);
  ASSERT_TRUE(sim.await(gc.collect()));
  EXPECT_EQ(images(), 3U) << "six of a megabyte each bring it down to 80 %";
}

TEST_F(ImageGcTest, WhatRunsStays) {
  start();
  sim.api->put(make("web"));
  sim.run_for(3s);
  runtime->add_image("unused");
  ImageGc gc(sim.env, *runtime, machine);
  EXPECT_EQ(sim.await(gc.delete_unused()).value(), 1 << 20);
  EXPECT_EQ(images(), 1U);
  EXPECT_EQ(sim.await(gc.delete_unused()).value(), 0);
}

TEST_F(ImageGcTest, TheImageOfSandboxesStays) {
  runtime->add_image("registry.k8s.io/pause:1");
  runtime->add_image("unused");
  ImageGcOptions options;
  options.sandbox_image = "registry.k8s.io/pause:1";
  ImageGc gc(sim.env, *runtime, machine, options);
  EXPECT_EQ(sim.await(gc.delete_unused()).value(), 1 << 20);
  EXPECT_EQ(images(), 1U);
}

}  // namespace
}  // namespace xebec::kubelet
