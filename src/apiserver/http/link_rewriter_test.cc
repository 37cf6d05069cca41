#include "apiserver/http/link_rewriter.h"

#include <gtest/gtest.h>

namespace xebec::apiserver {
namespace {

const LinkRule kRule{"10.1.2.3:8080", "localhost:8001", "/api/v1/namespaces/ns/pods/p/proxy"};
const std::string kHere = kRule.prefix;

TEST(LinkRules, OnlyLinksToTheSameServerChange) {
  EXPECT_EQ(kRule.rewritten("/a/b?c=d#e"), kHere + "/a/b?c=d#e");
  EXPECT_EQ(kRule.rewritten("/"), kHere + "/");
  EXPECT_EQ(kRule.rewritten("/a/"), kHere + "/a/");
  EXPECT_EQ(kRule.rewritten("/a/../b"), kHere + "/b");
  EXPECT_EQ(kRule.rewritten("http://10.1.2.3:8080/a"), kHere + "/a");
  EXPECT_EQ(kRule.rewritten("//10.1.2.3:8080/a"), kHere + "/a");
  EXPECT_EQ(kRule.rewritten("http://localhost:8001/a"), "http://localhost:8001" + kHere + "/a");
  EXPECT_EQ(kRule.rewritten(kHere + "/a"), kHere + "/a");
  for (const char* kept : {"", "a/b", "../a", "?a", "#a", "http://example.com/a", "//example.com/a",
                           "mailto:a@b", "javascript:void(0)", "data:text/plain,/a"})
    EXPECT_EQ(kRule.rewritten(kept), kept);
}

// However the text is cut.
void expect(const std::string& text, const std::string& wanted) {
  for (size_t size : {size_t{1}, size_t{2}, size_t{7}, text.size()}) {
    LinkRewriter rewriter(kRule);
    std::string out;
    for (size_t at = 0; at < text.size(); at += size) out += rewriter.feed(text.substr(at, size));
    out += rewriter.end();
    EXPECT_EQ(out, wanted) << "in pieces of " << size;
  }
}

TEST(LinkRewriters, AttributesThatHoldLinksChange) {
  expect(R"(<a href="/x">y</a><A HREF='/x'/><img alt=/x src=/x usemap="/m">)",
         R"(<a href=")" + kHere + R"(/x">y</a><A HREF=')" + kHere + R"(/x'/><img alt=/x src=)" + kHere +
             R"(/x usemap=")" + kHere + R"(/m">)");
  expect(R"(<a class="b" href = "/x?a=1&amp;b=2" >)",
         R"(<a class="b" href = ")" + kHere + R"(/x?a=1&amp;b=2" >)");
}

TEST(LinkRewriters, EverythingElseStays) {
  for (const char* text :
       {"", "plain /x text", "<", "a < b <", "<p title=\"/x\">", "<a data-href=\"/x\">", "<a href=\"x\">",
        "<!-- <a href=\"/x\"> -->", "<script>var a = '<a href=\"/x\">';</script>",
        "<STYLE><a href='/x'></style>", "<!DOCTYPE html>", "</a href=\"/x\">", "<a href", "<a href=\"/x"})
    expect(text, text);
}

TEST(LinkRewriters, GoOnAfterCommentsAndScripts) {
  expect("<!-- a --><a href=/x><script src=/s>'</b>'</SCRIPT><a href=/y>",
         "<!-- a --><a href=" + kHere + "/x><script src=" + kHere + "/s>'</b>'</SCRIPT><a href=" + kHere +
             "/y>");
}

}  // namespace
}  // namespace xebec::apiserver
