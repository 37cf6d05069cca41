#include "kubelet/log_rotation.h"

#include "kubelet/kubelet_fixture.h"

namespace xebec::kubelet {
namespace {

class LogRotationTest : public KubeletTest {
 protected:
  void rotate() {
    sim.scope.spawn(rotate_log(*runtime, files, sim.clock, id, kPath));
    sim.run_for(10ms);
  }
  std::vector<std::string> logs() { return files.list("/logs/main"); }

  static inline const std::string kPath = "/logs/main/0.log";
  std::string id;
};

TEST_F(LogRotationTest, AFullLogIsPutAsideAndTheRuntimeBeginsANewOne) {
  start();
  sim.api->put(make("web"));
  sim.run_for(3s);
  id = id_of("web");
  files.contents[kPath] = std::string(100, 'x');
  rotate();
  EXPECT_EQ(calls("reopen_container_log").size(), 0U) << "not full yet";
  for (int i = 0; i < 8; ++i) {
    files.contents[kPath] = std::string(kMaxLogSize, static_cast<char>('a' + i));
    rotate();
    sim.run_for(2s);
  }
  EXPECT_EQ(calls("reopen_container_log").size(), 8U);
  // Four old ones and the one that is written to, which the runtime has not begun in this test.
  std::vector<std::string> left = logs();
  ASSERT_EQ(left.size(), kMaxLogFiles - 1);
  EXPECT_TRUE(left[0].starts_with("0.log.20251130-0000"));
  EXPECT_EQ(files.contents["/logs/main/" + left[0]][0], 'e') << "the oldest ones went";
}

TEST_F(LogRotationTest, ALogThatCannotBeReopenedStays) {
  id = "nosuch";
  files.contents[kPath] = std::string(kMaxLogSize, 'x');
  rotate();
  EXPECT_EQ(logs(), std::vector<std::string>{"0.log"});
}

}  // namespace
}  // namespace xebec::kubelet
