// SPDX-License-Identifier: Apache-2.0
// The pure parts: routes, access, encodings, addresses.
#include <gtest/gtest.h>

#include "exporter/http/auth.h"
#include "exporter/http/gzip.h"
#include "exporter/http/message.h"
#include "exporter/http/resolve.h"
#include "tests/exporter/http/fake_request.h"

namespace outrider {
namespace {

TEST(Gzip, AcceptEncoding) {
  const std::pair<const char*, bool> cases[] = {
      {"", false},
      {"gzip", true},
      {"deflate, gzip;q=1.0, *;q=0.5", true},
      {"gzip;q=0", false},
      {"*", true},
      {"*;q=0", false},
      {"identity", false},
      {"GZIP", true},
      {"br, zstd", false},
      {"gzip; q=0.1", true},
      {"*, gzip;q=0", false},
      {"gzip;q=x", false},
  };
  for (const auto& [header, expected] : cases) EXPECT_EQ(AcceptsGzip(header), expected) << header;
}

TEST(Gzip, RoundTripsAndBoundsTheResult) {
  for (const size_t size : {size_t{0}, size_t{1}, size_t{32768}, size_t{500000}}) {
    std::string text;
    for (size_t i = 0; text.size() < size; ++i) text += std::to_string(i * 7919);
    text.resize(size);
    EXPECT_EQ(Gunzip(Gzip(text), 1 << 20).value(), text) << size;
  }
  EXPECT_TRUE(absl::IsResourceExhausted(Gunzip(Gzip(std::string(100000, 'a')), 1000).status()));
  EXPECT_TRUE(absl::IsDataLoss(Gunzip("nonsense", 1000).status()));
}

TEST(Message, KeepAlive) {
  struct Case {
    const char* header;
    const char* version;
    bool keep;
  };
  for (const Case& c : {Case{"", "1.1", true}, Case{"", "1.0", false}, Case{"close", "1.1", false},
                        Case{"Keep-Alive", "1.0", true}, Case{"TE, keep-alive", "1.1", true}}) {
    EXPECT_EQ(WantsKeepAlive(c.header, c.version), c.keep) << c.header << " " << c.version;
  }
}

TEST(Message, ListenAddresses) {
  const std::pair<const char*, const char*> cases[] = {
      {":9909", ":9909"},          {"127.0.0.1:0", "127.0.0.1:0"},
      {"[::1]:80", "[::1]:80"},    {"localhost:9", "localhost:9"},
      {"9909", "error"},           {"host:", "error"},
      {"host:70000", "error"},     {"::1:80", "error"},
      {"999.1.1.1:80", "error"},   {"1.2.3:80", "error"},
      {"127.0.0.1.5:80", "error"}, {"1:80", "error"},
      {"[::g]:80", "error"},       {"[::1:80", "error"},
      {"[]:80", "error"},          {"a b:80", "error"},
      {"host,+80:80", "error"},    {"my-host.example:80", "my-host.example:80"},
      {"host:80s", "error"},
  };
  for (const auto& [text, expected] : cases) {
    const auto parsed = ParseListenAddress(text);
    EXPECT_EQ(parsed.ok() ? parsed->ToString() : "error", expected) << text;
    if (!parsed.ok()) {
      EXPECT_NE(Message(parsed.status()).find(text), std::string::npos) << parsed.status();
    }
  }
}

TEST(Resolve, NamesAndIpv6) {
  EXPECT_EQ(Resolve({"localhost", 80}, false)->ToString(), "127.0.0.1:80");
  EXPECT_EQ(Resolve({"", 80}, false)->ToString(), ":80");
  EXPECT_EQ(Resolve({"10.1.2.3", 80}, false)->ToString(), "10.1.2.3:80");
  EXPECT_EQ(Resolve({"[::1]", 80}, true)->ToString(), "[::1]:80");
  const Status no_ipv6 = Resolve({"[::1]", 80}, false).status();
  EXPECT_NE(Message(no_ipv6).find("[::1]:80: the HTTP library of this build has no IPv6"),
            std::string::npos)
      << no_ipv6;
  const Status unknown = Resolve({"no-such-host.invalid", 80}, false).status();
  EXPECT_TRUE(absl::IsInvalidArgument(unknown)) << unknown;
  EXPECT_NE(Message(unknown).find("no-such-host.invalid:80"), std::string::npos) << unknown;
}

TEST(Message, HeadersCannotBeSplit) {
  HttpResponse response = HttpResponse::Text(200, "");
  response.headers.emplace_back("Location", "/a\r\nSet-Cookie: x");
  EXPECT_EQ(RenderHead(response, {}, "").find("\r\nSet-Cookie"), std::string::npos);
}

TEST(Router, FindsTheRoute) {
  Router router;
  for (const char* pattern : {"/api/v1/rules", "/api/v1/:name", "/files/*rest", "/a/:b/c", "/"}) {
    router.Add("GET", pattern, [](HttpRequest& r) {
      std::string out = r.route;
      for (const auto& [name, value] : r.path_params) {
        out.append(",").append(name).append("=").append(value);
      }
      return HttpResponse::Text(200, out);
    });
  }
  const std::pair<const char*, const char*> cases[] = {
      {"/api/v1/rules", "/api/v1/rules"},
      {"/api/v1/x", "/api/v1/:name,name=x"},
      {"/api/v1/", "404 page not found\n"},
      {"/files/", "/files/*rest,rest="},
      {"/files/a/b%20c", "/files/*rest,rest=a/b c"},
      {"/a/x%2Fy/c", "/a/:b/c,b=x/y"},
      {"/a/x/d", "404 page not found\n"},
      {"/", "/"},
  };
  for (const auto& [target, expected] : cases) {
    FakeRequest request("GET", target);
    EXPECT_EQ(router.Dispatch(request).body, expected) << target;
  }
}

TEST(Router, OptionsCorsAndErrorPages) {
  Router router;
  router.Add("GET", "/api/v1/x", [](HttpRequest&) { return HttpResponse::Text(200, ""); });
  router.SetErrorPage("/api/v2/", [](int status, const HttpRequest& r) {
    return HttpResponse::Json(status, r.path);
  });
  const auto header = [&](const char* method, const char* path, const char* name,
                          const char* origin) {
    FakeRequest request(method, path);
    if (origin != nullptr) request.With("Origin", origin);
    const HttpResponse response = router.Dispatch(request);
    for (const auto& [key, value] : response.headers) {
      if (key == name) return value;
    }
    return std::string();
  };
  constexpr const char* kAllow = "Access-Control-Allow-Origin";
  EXPECT_EQ(header("OPTIONS", "/api/v1/anything", kAllow, "http://a"), "http://a");
  EXPECT_EQ(header("GET", "/api/v1/x", kAllow, nullptr), "");
  EXPECT_EQ(header("GET", "/api/v1/x", "Vary", nullptr), "Origin");
  EXPECT_EQ(header("GET", "/api/v1/none", "Vary", nullptr), "");
  EXPECT_EQ(header("GET", "/api/v2/none", kAllow, nullptr), "*");
  EXPECT_EQ(header("GET", "/metrics", kAllow, "http://a"), "");
  FakeRequest options("OPTIONS", "/api/v1/anything");
  EXPECT_EQ(router.Dispatch(options).status, 204);
  FakeRequest missing("GET", "/api/v2/nope");
  EXPECT_EQ(router.Dispatch(missing).body, "/api/v2/nope");
  FakeRequest post("POST", "/api/v1/x");
  EXPECT_EQ(router.Dispatch(post).status, 405);
}

TEST(Auth, WhoMayCall) {
  struct Case {
    const char* method;
    const char* path;
    const char* from;
    bool anonymous;
    Access expected;
  };
  using enum Access;
  for (const Case& c : {
           Case{"GET", "/outrider/v1/incidents", "10.0.0.1", false, kAllowed},
           Case{"POST", "/outrider/v1/incidents/1/acknowledge", "10.0.0.1", false, kNeedsUser},
           Case{"POST", "/outrider/v1/incidents/1/acknowledge", "10.0.0.1", true, kAllowed},
           Case{"POST", "/outrider/v1/incidents/1/acknowledge", "127.0.0.1", false, kAllowed},
           Case{"POST", "/outrider/v1/incidents/1/acknowledge", "::1", false, kAllowed},
           Case{"POST", "/outrider/v1/incidents/1/acknowledge", "::ffff:127.0.0.1", false,
                kAllowed},
           Case{"POST", "/api/v1/write", "10.0.0.1", false, kAllowed},
           Case{"POST", "/api/v2/silences", "10.0.0.1", false, kAllowed},
           Case{"POST", "/-/reload", "10.0.0.1", false, kNeedsUser},
           Case{"POST", "/api/v1/escalation-policies", "10.0.0.1", false, kNeedsUser},
           Case{"POST", "/api/v1/escalation-policies", "127.0.0.1", false, kAllowed},
           Case{"GET", "/api/v1/escalation-policies", "10.0.0.1", false, kAllowed},
           Case{"POST", "/api/v1/webhooks", "10.0.0.1", false, kNeedsUser},
           Case{"PUT", "/api/v1/webhooks/7", "10.0.0.1", false, kNeedsUser},
           Case{"DELETE", "/api/v1/webhooks/7", "127.0.0.1", false, kAllowed},
           Case{"GET", "/api/v1/webhooks", "10.0.0.1", false, kNeedsUser},
           Case{"GET", "/api/v1/webhooks", "10.0.0.1", false, kNeedsUser},
           Case{"DELETE", "/api/v1/webhooks/1", "10.0.0.1", false, kNeedsUser},
           Case{"OPTIONS", "/api/v1/webhooks", "10.0.0.1", false, kAllowed},
           Case{"GET", "/api/v1/webhooks", "127.0.0.1", false, kAllowed},
           Case{"GET", "/api/v1/webhooksx", "10.0.0.1", false, kAllowed},
       }) {
    FakeRequest request(c.method, c.path);
    request.remote_address = c.from;
    EXPECT_EQ(JudgeAccess(request, {c.anonymous, ""}), c.expected)
        << c.method << " " << c.path << " " << c.from;
  }
}

TEST(Auth, ProxiesAndForeignPages) {
  const char* path = "/outrider/v1/incidents/1/resolve";
  for (const char* header :
       {"Forwarded", "forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto",
        "X-Real-IP", "x-real-ip", "X-Client-IP", "True-Client-IP", "CF-Connecting-IP"}) {
    const FakeRequest passed_on = FakeRequest("POST", path).With(header, "203.0.113.9");
    EXPECT_FALSE(IsLocalRequest(passed_on)) << header;
    EXPECT_EQ(JudgeAccess(passed_on, {}), Access::kNeedsUser) << header;
    EXPECT_EQ(JudgeAccess(passed_on, {true, ""}), Access::kAllowed) << header;
    const FakeRequest read = FakeRequest("GET", "/outrider/v1/tokens").With(header, "");
    EXPECT_EQ(JudgeAccess(read, {}), Access::kNeedsUser) << header;
  }
  EXPECT_TRUE(IsLocalRequest(FakeRequest("POST", path)));
  const FakeRequest foreign =
      FakeRequest("POST", path).With("Host", "localhost:9909").With("Origin", "http://evil");
  EXPECT_EQ(JudgeAccess(foreign, {}), Access::kForeignOrigin);
  const FakeRequest own = FakeRequest("POST", path)
                              .With("Host", "localhost:9909")
                              .With("Origin", "http://localhost:9909");
  EXPECT_EQ(JudgeAccess(own, {}), Access::kAllowed);
}

// A name that its owner lets point at this machine makes a page of theirs look like ours.
TEST(Auth, NamesThatMayPointHere) {
  const std::pair<const char*, Access> hosts[] = {
      {"evil.example", Access::kForeignOrigin},
      {"evil.example:9909", Access::kForeignOrigin},
      {"localhost.evil.example", Access::kForeignOrigin},
      {"127.0.0.1:9909", Access::kAllowed},
      {"[::1]:9909", Access::kAllowed},
      {"localhost:9909", Access::kAllowed},
      {"outrider.example:80", Access::kAllowed},
      {"outrider.example", Access::kForeignOrigin},
  };
  for (const auto& [host, expected] : hosts) {
    const FakeRequest request = FakeRequest("POST", "/outrider/v1/incidents/1/resolve")
                                    .With("Host", host)
                                    .With("Origin", std::string("http://") + host);
    EXPECT_EQ(JudgeAccess(request, {false, "http://outrider.example:80/base"}), expected) << host;
  }
}

TEST(Auth, TheRefusalSaysWhatToDo) {
  Router router;
  router.AddGuard(MakeAuthGuard({}));
  router.Add("POST", "/outrider/v1/x",
             [](HttpRequest&) { return HttpResponse::Text(200, "done"); });
  FakeRequest request("POST", "/outrider/v1/x");
  request.remote_address = "192.168.0.7";
  const HttpResponse response = router.Dispatch(request);
  EXPECT_EQ(response.status, 401);
  EXPECT_NE(response.body.find("--web.allow-anonymous"), std::string::npos);
}

}  // namespace
}  // namespace outrider
