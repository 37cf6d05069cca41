#include "cmd/flags/flags.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

#include "cmd/command.h"
#include "cmd/flags/upstream.h"

namespace xebec::cmd {
namespace {

using namespace std::chrono_literals;

class FlagsTest : public testing::Test {
 protected:
  FlagsTest() {
    flags_.add("name", name_, "A text.");
    flags_.add("port", port_, "A number.");
    flags_.add("time", time_, "A duration.");
    flags_.add("on", on_, "A switch.");
    flags_.add("list", list_, "A list.");
    flags_.add("map", map_, "A map.");
    flags_.add("maybe", maybe_, "A text that may be absent.");
    flags_.add("v", verbosity_, "How much is logged.");
    flags_.only("mode", "leases", "A text with one value.");
  }

  // The error; empty when there is none.
  std::string parse(std::vector<std::string> arguments) {
    arguments = normalized(std::move(arguments));
    std::ranges::reverse(arguments);
    try {
      app_.parse(std::move(arguments));
    } catch (const CLI::ParseError& error) {
      return error.what();
    }
    return "";
  }

  std::string name_ = "some";
  uint16_t port_ = 6443;
  Duration time_ = 1h;
  bool on_ = true;
  std::vector<std::string> list_ = {"a", "b"};
  FlagMap map_;
  std::optional<std::string> maybe_;
  int verbosity_ = 0;
  CLI::App app_;
  Flags flags_{app_};
};

TEST_F(FlagsTest, StayWhatTheyAreWhenNotGiven) {
  EXPECT_EQ(parse({}), "");
  EXPECT_EQ(name_, "some");
  EXPECT_EQ(time_, 1h);
  EXPECT_TRUE(on_);
  EXPECT_EQ(list_, (std::vector<std::string>{"a", "b"}));
  EXPECT_FALSE(maybe_);
}

TEST_F(FlagsTest, AreReadInBothForms) {
  EXPECT_EQ(parse({"--name", "x", "--port=80", "--time=1m30s", "--maybe", "y", "-v", "4"}), "");
  EXPECT_EQ(name_, "x");
  EXPECT_EQ(port_, 80);
  EXPECT_EQ(time_, 90s);
  EXPECT_EQ(maybe_, "y");
  EXPECT_EQ(verbosity_, 4);
}

TEST_F(FlagsTest, CountAsGivenLast) {
  EXPECT_EQ(parse({"--name=x", "--name=y", "--on", "--on=false", "-v=2", "--v=5"}), "");
  EXPECT_EQ(name_, "y");
  EXPECT_FALSE(on_);
  EXPECT_EQ(verbosity_, 5);
}

TEST_F(FlagsTest, CanBeEmpty) {
  EXPECT_EQ(parse({"--maybe=", "--name", "", "--list="}), "");
  EXPECT_EQ(maybe_, "");
  EXPECT_EQ(name_, "");
  EXPECT_TRUE(list_.empty());
}

TEST_F(FlagsTest, ListsAndMapsGrow) {
  EXPECT_EQ(parse({"--list=x,y", "--list", "z", "--map=a=1,b=2", "--map=c=x=y"}), "");
  EXPECT_EQ(list_, (std::vector<std::string>{"x", "y", "z"}));
  EXPECT_EQ(map_, (FlagMap{{"a", "1"}, {"b", "2"}, {"c", "x=y"}}));
}

TEST_F(FlagsTest, AListTakesOneArgument) { EXPECT_NE(parse({"--list", "x", "stray"}), ""); }

TEST_F(FlagsTest, MistakesAreNamed) {
  EXPECT_EQ(parse({"--port=70000"}),
            "invalid argument \"70000\" for \"--port\" flag: it is no number in range");
  EXPECT_EQ(parse({"--port=80x"}), "invalid argument \"80x\" for \"--port\" flag: it is no number in range");
  EXPECT_EQ(parse({"--time=5"}),
            "invalid argument \"5\" for \"--time\" flag: time: missing unit in duration \"5\"");
  EXPECT_EQ(parse({"--map=a"}),
            "invalid argument \"a\" for \"--map\" flag: a must be formatted as key=value");
  EXPECT_EQ(parse({"--mode=leases"}), "");
  EXPECT_EQ(parse({"--mode=endpoints"}),
            "invalid argument \"endpoints\" for \"--mode\" flag: only leases is supported yet");
}

TEST(UpstreamFlags, AreKnownByComponent) {
  EXPECT_TRUE(upstream_has_flag("kube-apiserver", "etcd-servers"));
  EXPECT_TRUE(upstream_has_flag("kube-apiserver", "tls-cert-file"));
  EXPECT_FALSE(upstream_has_flag("kube-apiserver", "leader-elect"));
  EXPECT_TRUE(upstream_has_flag("kube-scheduler", "leader-elect"));
  EXPECT_TRUE(upstream_has_flag("kube-controller-manager", "authentication-kubeconfig"));
  EXPECT_TRUE(upstream_has_flag("kubelet", "fail-swap-on"));
  EXPECT_FALSE(upstream_has_flag("kubelet", "etcd"));
  EXPECT_FALSE(upstream_has_flag("kubelet", ""));
}

TEST(UpstreamFlags, ThatAreMissingAreToldFromMistakes) {
  constexpr std::string_view components[] = {"kube-apiserver", "kubelet"};
  EXPECT_EQ(explain_unknown_argument(components, "--etcd-servers-overrides=/events#http://a"),
            "flag --etcd-servers-overrides of kube-apiserver is not supported yet");
  EXPECT_EQ(explain_unknown_argument(components, "--fail-swap-on"),
            "flag --fail-swap-on of kubelet is not supported yet");
  EXPECT_EQ(explain_unknown_argument(components, "--etcd-server"), "unknown flag: --etcd-server");
  EXPECT_EQ(explain_unknown_argument(components, "word"), "unexpected argument \"word\"");
}

// What has no equivalent in the components that a sub-command stands for.
bool is_own(std::string_view command, std::string_view flag) {
  struct Own {
    std::string_view command, flags;
  };
  constexpr Own kOwn[] = {
      {"server", " data-dir tls-san io-threads images-dir legacy-service-account-tokens disable-node "},
      {"apiserver", " data-dir tls-san io-threads "},
      {"agent",
       " data-dir images-dir cluster-cidr server token certificate-authority client-certificate client-key "
       "discovery-token-ca-cert-hash discovery-token-unsafe-skip-ca-verification "},
      {"token", " data-dir kubeconfig token ttl description print-join-command "},
      {"kubelet", " images-dir cluster-cidr pod-logs-dir "},
      {"controller-manager", " legacy-service-account-tokens "},
      {"purge", " data-dir cgroup-root "},
      {"storage", " from to "},
  };
  for (const Own& own : kOwn) {
    if (own.command == command && own.flags.find(" " + std::string(flag) + " ") != own.flags.npos)
      return true;
  }
  return false;
}

TEST(Commands, HaveUpstreamsFlagsOrTheirOwn) {
  for (const Command& command : commands()) {
    CLI::App app;
    Flags flags(app);
    command.declare(flags);
    for (const CLI::Option* option : app.get_options()) {
      if (option->get_positional()) continue;
      std::string name = option->get_lnames().at(0);
      if (name == "help") continue;
      bool upstream = std::ranges::any_of(
          command.components, [&](std::string_view component) { return upstream_has_flag(component, name); });
      EXPECT_NE(upstream, is_own(command.name, name)) << command.name << " --" << name;
      EXPECT_TRUE(option->get_description().find('.') != std::string::npos) << name << " is not explained";
    }
  }
}

}  // namespace
}  // namespace xebec::cmd
