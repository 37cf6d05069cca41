#include "http/trace_context.h"

#include <gtest/gtest.h>

#include "base/clock.h"
#include "http/message.h"

namespace xebec::http {
namespace {

const std::string kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";
const std::string kParent = "00-" + kTrace + "-00f067aa0ba902b7-01";

TEST(TraceParent, IsReadAndWritten) {
  auto parent = TraceParent::parse(kParent);
  ASSERT_TRUE(parent);
  EXPECT_EQ(parent->trace_id, kTrace);
  EXPECT_EQ(parent->parent_id, "00f067aa0ba902b7");
  EXPECT_EQ(parent->flags, "01");
  EXPECT_EQ(parent->str(), kParent);
  // A later version may say more, in a form that is known up to here.
  EXPECT_TRUE(TraceParent::parse("cc" + kParent.substr(2) + "-more"));
}

TEST(TraceParent, WhatTheSpecificationForbidsIsIgnored) {
  const std::string zeros32(32, '0'), zeros16(16, '0');
  for (const std::string& bad :
       {std::string(), kParent.substr(1), kParent + "-more", kParent + "x", "cc" + kParent.substr(2) + "more",
        "ff" + kParent.substr(2), "0g" + kParent.substr(2), "00-" + zeros32 + "-00f067aa0ba902b7-01",
        "00-" + kTrace + "-" + zeros16 + "-01",
        std::string("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"), "00_" + kParent.substr(3),
        kParent.substr(0, 53) + "0x"}) {
    EXPECT_FALSE(TraceParent::parse(bad)) << bad;
  }
}

TEST(TraceParent, ARequestStaysInItsTraceUnderANewParent) {
  auto rng = make_seeded_rng(1);
  Headers headers;
  EXPECT_EQ(enter_trace(headers, *rng), "");
  EXPECT_EQ(headers.size(), 0u);
  headers.add("Traceparent", kParent);
  headers.add("tracestate", "a=b");
  EXPECT_EQ(enter_trace(headers, *rng), kTrace);
  auto now = TraceParent::parse(headers.get("traceparent"));
  ASSERT_TRUE(now);
  EXPECT_EQ(now->trace_id, kTrace);
  EXPECT_NE(now->parent_id, "00f067aa0ba902b7");
  EXPECT_EQ(now->flags, "01");
  EXPECT_EQ(headers.get("tracestate"), "a=b");
  // Two of them say nothing.
  headers.add("traceparent", kParent);
  EXPECT_EQ(enter_trace(headers, *rng), "");
  EXPECT_FALSE(headers.has("traceparent"));
  EXPECT_FALSE(headers.has("tracestate"));
}

}  // namespace
}  // namespace xebec::http
