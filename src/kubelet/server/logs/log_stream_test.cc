// Reading container logs: what of a file is shown, and following it through appends, rotation and the
// container's end.
#include "kubelet/server/logs/log_stream.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/scope.h"
#include "kubelet/server/logs/cri_line.h"

namespace xebec::kubelet {
namespace {

namespace fs = std::filesystem;

Result<LogOptions> options_of(std::string query) {
  http::Request request;
  request.query = std::move(query);
  return parse_log_options(request, WallTime(std::chrono::seconds(1'000'000'000)));
}

Task<Result<std::string>> read_to_end(http::BodyStream& stream) {
  std::string all;
  for (;;) {
    CO_TRY(http::Buffer piece, co_await stream.next());
    if (!piece) co_return all;
    all += *piece;
  }
}

Task<std::string> next_piece(http::BodyStream& stream) {
  Result<http::Buffer> piece = co_await stream.next();
  EXPECT_TRUE(piece);
  co_return piece&&* piece ? **piece : "<end>";
}

class LogTest : public ::testing::Test {
 protected:
  LogTest() {
    char name[] = "/tmp/xebec-log-XXXXXX";
    folder_ = mkdtemp(name);
    path_ = folder_ + "/0.log";
  }
  ~LogTest() override { fs::remove_all(folder_); }

  void append(std::string_view bytes) { std::ofstream(path_, std::ios::app | std::ios::binary) << bytes; }
  std::unique_ptr<http::BodyStream> open(std::string query) {
    bool* running = &running_;
    auto still_running = [running] { return is(running); };
    auto stream = open_log(path_, *options_of(std::move(query)), still_running, CancelToken());
    EXPECT_TRUE(stream);
    return std::move(*stream);
  }
  std::string read(std::string query) { return *block_on(read_to_end(*open(std::move(query)))); }
  static Task<bool> is(bool* flag) { co_return *flag; }

  std::string folder_, path_;
  bool running_ = true;
};

constexpr std::string_view kThreeLines =
    "2026-01-01T00:00:00.1Z stdout F one\n"
    "2026-01-01T00:00:01.25Z stderr F two\n"
    "2026-01-01T00:00:02.123456789Z stdout P thr\n"
    "2026-01-01T00:00:02.2Z stdout F ee\n";

TEST_F(LogTest, PartsAreJoinedAndTimestampsHaveNineDigits) {
  append(kThreeLines);
  EXPECT_EQ(read(""), "one\ntwo\nthree\n");
  EXPECT_EQ(read("timestamps=true"),
            "2026-01-01T00:00:00.100000000Z one\n2026-01-01T00:00:01.250000000Z two\n"
            "2026-01-01T00:00:02.123456789Z three\n");
}

TEST_F(LogTest, StreamsAndOldLinesAreLeftOut) {
  append(kThreeLines);
  EXPECT_EQ(read("stream=Stderr"), "two\n");
  EXPECT_EQ(read("stream=Stdout"), "one\nthree\n");
  EXPECT_EQ(read("sinceTime=2026-01-01T00:00:01Z"), "two\nthree\n");
  EXPECT_EQ(read("sinceTime=2026-01-01T00:00:01.3Z"), "three\n");
  EXPECT_EQ(read("sinceTime=2027-01-01T00:00:00Z"), "");
}

TEST_F(LogTest, TheTailCountsJoinedLines) {
  append(kThreeLines);
  EXPECT_EQ(read("tailLines=0"), "");
  EXPECT_EQ(read("tailLines=1"), "three\n");
  EXPECT_EQ(read("tailLines=2"), "two\nthree\n");
  EXPECT_EQ(read("tailLines=3"), "one\ntwo\nthree\n");
  EXPECT_EQ(read("tailLines=99"), "one\ntwo\nthree\n");
}

TEST_F(LogTest, TheTailOfALongFileIsFoundAcrossBlocks) {
  std::string all, last;
  for (int i = 0; i < 20000; ++i) {
    std::string text = "line " + std::to_string(i) + std::string(static_cast<size_t>(i % 50), '.');
    all += "2026-01-01T00:00:00Z stdout F " + text + "\n";
    if (i >= 20000 - 7000) last += text + "\n";
  }
  append(all);
  EXPECT_EQ(read("tailLines=7000"), last);
}

TEST_F(LogTest, NothingComesAfterTheLimit) {
  append(kThreeLines);
  EXPECT_EQ(read("limitBytes=6"), "one\ntw");
  EXPECT_EQ(read("limitBytes=1000"), "one\ntwo\nthree\n");
}

TEST_F(LogTest, OtherLinesArePassedOver) {
  append(
      "nonsense\n\n2026-01-01T00:00:00Z stdout F\n2026-01-01T00:00:00Z stdout F ok\n2026-01-01T00:00:00Z "
      "stdout F cut");
  EXPECT_EQ(read(""), "\nok\ncut\n");
}

Task<void> follow(http::BodyStream& stream, std::function<void(std::string_view)> append, std::string path,
                  bool* running) {
  EXPECT_EQ(co_await next_piece(stream), "one\n");
  append("2026-01-01T00:00:00Z stdout F t");
  append("wo\n");
  EXPECT_EQ(co_await next_piece(stream), "two\n");
  // The runtime goes to a new file, after a last line in the old one.
  append("2026-01-01T00:00:00Z stdout F three\n");
  fs::rename(path, path + ".old");
  append("2026-01-01T00:00:00Z stdout F four\n");
  EXPECT_EQ(co_await next_piece(stream), "three\n");
  EXPECT_EQ(co_await next_piece(stream), "four\n");
  *running = false;
  append("2026-01-01T00:00:00Z stdout F last\n");
  EXPECT_EQ(co_await next_piece(stream), "last\n");
  EXPECT_EQ(co_await next_piece(stream), "<end>");
}

TEST_F(LogTest, FollowingGoesThroughRotationToTheContainersEnd) {
  append("2026-01-01T00:00:00Z stdout F one\n");
  auto stream = open("follow=true");
  block_on(follow(
      *stream, [this](std::string_view bytes) { append(bytes); }, path_, &running_));
}

TEST_F(LogTest, FollowingEndsWithItsReader) {
  append("2026-01-01T00:00:00Z stdout F one\n");
  CancelSource reader;
  bool* running = &running_;
  auto stream = open_log(
      path_, *options_of("follow=1&tailLines=0"), [running] { return is(running); }, reader.token());
  reader.cancel();
  EXPECT_EQ(*block_on(read_to_end(**stream)), "");
}

TEST(LogOptions, NonsenseIsRefused) {
  EXPECT_EQ(options_of("tailLines=x").error().code, 400);
  EXPECT_EQ(options_of("tailLines=-1").error().code, 422);
  EXPECT_EQ(options_of("limitBytes=0").error().code, 422);
  EXPECT_EQ(options_of("sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z").error().code, 422);
  EXPECT_EQ(options_of("sinceTime=yesterday").error().code, 400);
  EXPECT_EQ(options_of("stream=Stdout&tailLines=1").error().code, 422);
  EXPECT_EQ(*options_of("sinceSeconds=10")->since, WallTime(std::chrono::seconds(999'999'990)));
  EXPECT_EQ(*options_of("sinceSeconds=9223372036854775807")->since, WallTime());
  EXPECT_EQ(options_of("sinceTime=9999-01-01T00:00:00Z").error().code, 400);
  EXPECT_TRUE(options_of("follow=1")->follow);
  EXPECT_FALSE(options_of("follow=false")->follow);
}

TEST(LogTime, OffsetsAndFractionsCount) {
  EXPECT_EQ(parse_log_time("1970-01-01T01:00:00.5+01:00"), WallTime(std::chrono::milliseconds(500)));
  EXPECT_EQ(fixed_nanos("1970-01-01T01:00:00+01:00"), "1970-01-01T01:00:00.000000000+01:00");
}

}  // namespace
}  // namespace xebec::kubelet
