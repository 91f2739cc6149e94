// SPDX-License-Identifier: Apache-2.0
#include "notifiers/transport/address_guard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "notifiers/transport/http_client.h"
#include "tests/support/http_sink.h"

namespace outrider {
namespace {

using ::testing::HasSubstr;

TEST(AddressGuard, SpecialAddressesAreRefused) {
  const struct {
    const char* address;
    const char* why;  // "": allowed
  } kCases[] = {
      {"8.8.8.8", ""},
      {"1.1.1.1", ""},
      {"172.15.255.255", ""},
      {"172.32.0.0", ""},
      {"100.63.255.255", ""},
      {"2606:4700:4700::1111", ""},
      {"2a00:1450:4001::1", ""},
      {"::ffff:8.8.8.8", ""},
      {"64:ff9b::808:808", ""},
      {"0.0.0.0", "0.0.0.0 is an address of this network"},
      {"0.1.2.3", "this network"},
      {"127.0.0.1", "127.0.0.1 is a loopback address"},
      {"127.255.255.254", "loopback"},
      {"10.1.2.3", "private"},
      {"172.16.0.1", "private"},
      {"172.31.255.255", "private"},
      {"192.168.1.1", "private"},
      {"169.254.169.254", "link-local"},
      {"100.64.0.1", "carrier"},
      {"198.19.255.255", "benchmarks"},
      {"224.0.0.1", "multicast"},
      {"255.255.255.255", "reserved"},
      {"::", "this network"},
      {"::1", "loopback"},
      {"::ffff:127.0.0.1", "127.0.0.1 is a loopback address"},
      {"::ffff:7f00:1", "loopback"},
      {"::ffff:10.0.0.1", "private"},
      {"::127.0.0.1", "loopback"},
      {"64:ff9b::7f00:1", "loopback"},
      {"64:ff9b::a9fe:a9fe", "link-local"},
      {"2002:7f00:1::", "loopback"},
      {"2002:c0a8:101::1", "private"},
      {"fe80::1", "link-local"},
      {"fe80::1%eth0", "link-local"},
      {"febf::1", "link-local"},
      {"fc00::1", "private"},
      {"fdff::1", "private"},
      {"ff02::1", "multicast"},
      {"2001:db8::1", "examples"},
      {"2001::1", "special"},
  };
  for (const auto& c : kCases) {
    const auto address = ParseIpAddress(c.address);
    ASSERT_TRUE(address.ok()) << c.address;
    const std::string why = RefusedAddress(*address, {});
    if (*c.why == '\0') {
      EXPECT_EQ(why, "") << c.address;
    } else {
      EXPECT_THAT(why, HasSubstr(c.why)) << c.address;
    }
  }
}

TEST(AddressGuard, AllowedNetworks) {
  const auto guard = AddressGuard::Make(
      std::vector<std::string>{"10.0.0.0/8", "192.168.7.9", "fd00:1::/32", "127.0.0.0/31"});
  ASSERT_TRUE(guard.ok());
  const auto allowed = [&](const char* text) {
    return guard->Refused(ParseIpAddress(text).value()).empty();
  };
  EXPECT_TRUE(allowed("10.255.0.1"));
  EXPECT_TRUE(allowed("::ffff:10.255.0.1"));
  EXPECT_TRUE(allowed("64:ff9b::a00:1"));
  EXPECT_TRUE(allowed("192.168.7.9"));
  EXPECT_FALSE(allowed("192.168.7.8"));
  EXPECT_TRUE(allowed("fd00:1:ffff::1"));
  EXPECT_FALSE(allowed("fd00:2::1"));
  EXPECT_TRUE(allowed("127.0.0.1"));
  EXPECT_FALSE(allowed("127.0.0.2"));
  EXPECT_TRUE(allowed("9.9.9.9"));
}

TEST(AddressGuard, BadNetworks) {
  for (const char* text :
       {"", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "::/129", "host/8", "1"}) {
    EXPECT_FALSE(ParseIpNetwork(text).ok()) << text;
    EXPECT_FALSE(AddressGuard::Make(std::vector<std::string>{text}).ok()) << text;
  }
}

HttpClientRequest Guarded(const std::string& url) {
  HttpClientRequest request;
  request.url = url;
  request.body = "{}";
  request.headers = {{"Idempotency-Key", "k"}};
  request.timeout = 5 * kSecond;
  request.guard_address = true;
  return request;
}

TEST(AddressGuard, NothingReachesThisMachine) {
  HttpSink sink;
  const auto client = MakeCurlHttpClient();
  const std::string port = std::to_string(sink.port());
  for (const std::string host : {"127.0.0.1", "localhost", "0.0.0.0", "[::ffff:127.0.0.1]",
                                 "2130706433", "0x7f.1", "[::1]"}) {
    const auto answer = client->Do(Guarded("http://" + host + ":" + port + "/"));
    EXPECT_EQ(answer.status().code(), absl::StatusCode::kInvalidArgument)
        << host << " " << answer.status();
    EXPECT_THAT(Message(answer.status()), HasSubstr(" is a")) << host;
  }
  EXPECT_EQ(sink.connections(), 0U);
  HttpClientRequest allowed = Guarded(sink.Url());
  allowed.allowed_networks = {"127.0.0.0/8"};
  EXPECT_TRUE(client->Do(allowed).ok());
  EXPECT_EQ(sink.connections(), 1U);
}

TEST(AddressGuard, AConnectionLeftOpenByAnUnguardedCallIsNotUsed) {
  HttpSink sink;
  const auto client = MakeCurlHttpClient();
  HttpClientRequest open = Guarded(sink.Url());
  open.guard_address = false;
  ASSERT_TRUE(client->Do(open).ok());
  const auto answer = client->Do(Guarded(sink.Url()));
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kInvalidArgument) << answer.status();
  EXPECT_EQ(sink.Requests().size(), 1U);
}

// 127.0.0.1 stands for the open Internet, 127.0.0.2 for what must not be reached.
// libcurl gives `localhost` both its addresses, ::1 first.
TEST(AddressGuard, AnotherAddressOfTheNameCounts) {
  int port = 0;
  {
    const HttpSink gone;
    port = gone.port();
  }
  HttpClientRequest request;
  request.url = "http://localhost:" + std::to_string(port);
  request.guard_address = true;
  request.allowed_networks = {"127.0.0.0/8"};
  const auto answer = MakeCurlHttpClient()->Do(request);
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kUnavailable) << answer.status();
}

TEST(AddressGuard, RedirectsAreJudgedToo) {
  HttpSink sink;
  const auto client = MakeCurlHttpClient();
  HttpClientRequest request = Guarded(sink.Url());
  request.allowed_networks = {"127.0.0.1/32"};
  const auto redirect_to = [&](const std::string& host) {
    const std::string url = "http://" + host + ":" + std::to_string(sink.port()) + "/there";
    sink.Script({{.status = 307, .headers = {{"Location", url}}, .body = ""}});
    return client->Do(request);
  };
  EXPECT_TRUE(redirect_to("127.0.0.1").ok());
  EXPECT_EQ(sink.Requests().size(), 2U);
  const auto refused = redirect_to("127.0.0.2");
  EXPECT_THAT(Message(refused.status()), HasSubstr("127.0.0.2 is a loopback address"));
  EXPECT_EQ(sink.Requests().size(), 3U);  // the redirect's answer, and nothing behind it
}

TEST(AddressGuard, ThereIsNoWayRoundByAProxy) {
  HttpSink proxy;
  const auto client = MakeCurlHttpClient();
  HttpClientRequest request = Guarded("http://example.org/");
  request.proxy_url = proxy.Url();
  EXPECT_THAT(Message(client->Do(request).status()), HasSubstr("behind a proxy"));
  EXPECT_EQ(proxy.connections(), 0U);
}

}  // namespace
}  // namespace outrider
