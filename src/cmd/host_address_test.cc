#include "cmd/host_address.h"

#include <gtest/gtest.h>

namespace xebec::cmd {
namespace {

TEST(HostAddress, DefaultRoutesAreFoundInOrder) {
  EXPECT_EQ(default_route_interfaces(
                "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
                "eth1\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
                "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
                "eth2\t00000000\t010200C0\t0002\t0\t0\t0\t00000000\t0\t0\t0\n"
                "ppp0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0\n"),
            (std::vector<std::string>{"eth0", "ppp0"}));
  EXPECT_TRUE(default_route_interfaces("").empty());
  EXPECT_TRUE(default_route_interfaces("Iface\tDestination\n").empty());
}

TEST(HostAddress, AnAdvertisedAddressIsTakenAsItIs) {
  EXPECT_EQ(*resolve_advertise_address("10.1.2.3", "0.0.0.0"), "10.1.2.3");
  EXPECT_EQ(*resolve_advertise_address("127.0.0.1", "0.0.0.0"), "127.0.0.1");
}

TEST(HostAddress, TheBoundOneIsAdvertisedUnlessItIsNobodyElses) {
  EXPECT_EQ(*resolve_advertise_address("", "10.1.2.3"), "10.1.2.3");
  EXPECT_EQ(*resolve_advertise_address("0.0.0.0", "10.1.2.3"), "10.1.2.3");
  for (const char* bound : {"0.0.0.0", "127.0.0.1", ""}) {
    Result<std::string> found = resolve_advertise_address("", bound);
    Result<std::string> route = default_route_address();
    ASSERT_EQ(found.has_value(), route.has_value());
    if (found) {
      EXPECT_EQ(*found, *route);
      EXPECT_FALSE(is_loopback(*found));
    } else {
      EXPECT_EQ(found.error().message,
                "unable to find suitable network address.error='" + route.error().message +
                    "'. Try to set the AdvertiseAddress directly or provide a valid BindAddress to fix this");
    }
  }
}

TEST(HostAddress, EndpointsOfUrls) {
  EXPECT_EQ(parse_endpoint("https://10.0.0.1:6443")->host, "10.0.0.1");
  EXPECT_EQ(parse_endpoint("https://10.0.0.1:6443/x")->port, 6443);
  EXPECT_EQ(parse_endpoint("https://example.com")->port, 443);
  for (const char* wrong :
       {"", "10.0.0.1", "http://10.0.0.1", "https://", "https://a:0", "https://a:x", "https://[::1]:1"})
    EXPECT_FALSE(parse_endpoint(wrong)) << wrong;
}

}  // namespace
}  // namespace xebec::cmd
