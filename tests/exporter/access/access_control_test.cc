// SPDX-License-Identifier: Apache-2.0
// The guard in front of a router: who gets through, and what the others are told.
#include "exporter/access/access_control.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exporter/access/refusal.h"
#include "storage/base/text.h"
#include "storage/state/memory_store.h"
#include "tests/exporter/http/fake_request.h"
#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

using ::testing::HasSubstr;

constexpr Nanos kT0 = 1'790'000'000LL * kNanosPerSecond;

AccessUser User(const std::string& name, Role role, std::vector<std::string> teams = {}) {
  return {name, "hash of " + name, role, std::move(teams)};
}

class AccessControlTest : public ::testing::Test {
 protected:
  AccessControlTest() {
    tokens_ = TokenStore::Open(store_, random_).value();
    control_ = std::make_unique<AccessControl>(
        WebConfig{}, AccessOptions{.open = {}, .route_prefix = "/x"},
        AccessSeams{*tokens_, clock_, random_,
                    [](Owned, const std::string& id) -> std::optional<std::vector<std::string>> {
                      if (id == "none") return std::nullopt;
                      return std::vector{id};  // the incident `storage` is the team's of that name
                    },
                    [this](const std::string& password, const std::string& hash) {
                      ++hashed_;
                      return hash == "hash of " + password;  // the password is the name
                    }});
    router_.AddGuard([this](HttpRequest& request) { return control_->Guard(request); });
    const auto who = [](HttpRequest& request) {
      return HttpResponse::Text(200, request.caller.name + " " + request.caller.via);
    };
    for (const char* path :
         {"/-/healthy", "/metrics", "/api/v1/query", "/outrider/v1/incidents/:id",
          "/outrider/v1/tokens", "/", "/outrider/v1/a/:token",
          "/outrider/v1/oncall/:name/calendar.ics", "/outrider/v1/oncall/:name"}) {
      router_.Add("GET", path, who);
    }
    for (const char* path : {"/api/v1/write", "/api/v2/silences", "/-/reload", "/api/v1/query",
                             "/outrider/v1/incidents/:id/acknowledge", "/outrider/v1/a/:token",
                             "/outrider/v1/callbacks/slack"}) {
      router_.Add("POST", path, who);
    }
  }

  void Configure(RateLimits limits = {}) {
    WebConfig config;
    config.file = "web.yml";
    config.users = {User("vera", Role::kViewer), User("otto", Role::kOperator),
                    User("tina", Role::kOperator, {"storage", "network"}),
                    User("root", Role::kAdmin)};
    config.limits = limits;
    control_->Replace(std::move(config));
  }
  static FakeRequest Basic(const char* method, const std::string& path, const std::string& name,
                           const std::string& password) {
    FakeRequest request(method, path);
    request.With("Authorization", "Basic " + Base64Encode(name + ":" + password));
    request.With("Host", "outrider.example");
    request.remote_address = "192.0.2.1";
    return request;
  }
  static FakeRequest As(const char* method, const std::string& path, const std::string& name) {
    return Basic(method, path, name, name);
  }
  static FakeRequest Anybody(const char* method, const std::string& path) {
    FakeRequest request(method, path);
    request.remote_address = "192.0.2.1";
    return request;
  }
  HttpResponse Send(FakeRequest request) { return router_.Dispatch(request); }
  int Code(FakeRequest request) { return Send(std::move(request)).status; }
  std::string MakeToken(const std::string& name, Role role) {
    AccessToken token;
    token.name = name;
    token.role = role;
    return tokens_
        ->Create(token, {}, kT0,
                 [this](const std::string&, const std::string&, const Caller&, const Batch& rows) {
                   return store_.Commit(rows, Durability::kSynced);
                 })
        .value();
  }

  std::string MakeFeed(const std::string& schedule, const std::string& user) {
    AccessToken token;
    token.name = "feed of " + schedule + user;
    token.feed_schedule = schedule;
    token.feed_user = user;
    return tokens_
        ->Create(token, {}, kT0,
                 [this](const std::string&, const std::string&, const Caller&, const Batch& rows) {
                   return store_.Commit(rows, Durability::kSynced);
                 })
        .value();
  }

  MemoryStore store_;
  SeededRandom random_{5};
  FakeClock clock_{kT0};
  int hashed_ = 0;
  std::unique_ptr<TokenStore> tokens_;
  std::unique_ptr<AccessControl> control_;
  Router router_;
};

TEST_F(AccessControlTest, WithoutUsersTheRulesOfLoopbackHold) {
  EXPECT_EQ(Code(Anybody("GET", "/metrics")), 200);
  EXPECT_EQ(Code(Anybody("POST", "/api/v1/write")), 200);
  EXPECT_EQ(Code(Anybody("POST", "/-/reload")), 401);
  EXPECT_EQ(Code(FakeRequest("POST", "/-/reload")), 200);  // from this machine
  EXPECT_EQ(Code(Anybody("GET", "/outrider/v1/tokens")), 401);
  // Links and callbacks bring their own proof.
  EXPECT_EQ(Code(Anybody("POST", "/outrider/v1/a/abc")), 200);
  EXPECT_EQ(Code(Anybody("POST", "/outrider/v1/callbacks/slack")), 200);
  // A header that some proxy sent along means nothing.
  EXPECT_EQ(Code(As("GET", "/metrics", "nobody")), 200);
  EXPECT_EQ(hashed_, 0);
}

TEST_F(AccessControlTest, ATokenNamesItsCallerWithoutUsersToo) {
  const std::string token = MakeToken("ci", Role::kAdmin);
  const HttpResponse good =
      Send(Anybody("POST", "/-/reload").With("Authorization", "Bearer " + token));
  EXPECT_EQ(good.status, 200);
  EXPECT_EQ(good.body, "ci token");
  EXPECT_EQ(Code(Anybody("POST", "/-/reload").With("Authorization", "Bearer otr_x")), 401);
}

TEST_F(AccessControlTest, Roles) {
  Configure();
  const struct {
    const char* method;
    const char* path;
    int nobody, vera, otto, root;
  } kCases[] = {
      {"GET", "/-/healthy", 200, 200, 200, 200},
      {"GET", "/metrics", 401, 200, 200, 200},
      {"GET", "/", 401, 200, 200, 200},
      {"POST", "/api/v1/query", 401, 200, 200, 200},
      {"POST", "/api/v1/write", 401, 403, 200, 200},
      {"POST", "/api/v2/silences", 401, 403, 200, 200},
      {"POST", "/outrider/v1/incidents/x/acknowledge", 401, 403, 200, 200},
      {"GET", "/outrider/v1/tokens", 401, 403, 403, 200},
      {"POST", "/-/reload", 401, 403, 403, 200},
      {"POST", "/outrider/v1/a/abc", 200, 200, 200, 200},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(Code(Anybody(c.method, c.path)), c.nobody) << c.method << c.path;
    // This machine is nobody in particular either.
    EXPECT_EQ(Code(FakeRequest(c.method, c.path)), c.nobody) << c.method << c.path;
    EXPECT_EQ(Code(As(c.method, c.path, "vera")), c.vera) << c.method << c.path;
    EXPECT_EQ(Code(As(c.method, c.path, "otto")), c.otto) << c.method << c.path;
    EXPECT_EQ(Code(As(c.method, c.path, "root")), c.root) << c.method << c.path;
  }
  EXPECT_EQ(Send(As("GET", "/metrics", "vera")).body, "vera basic");
  EXPECT_THAT(Send(As("POST", "/-/reload", "vera")).body,
              HasSubstr("vera has the role viewer; this needs the role admin"));
}

// A calendar program sends no headers: what its URL opens, and what it does not.
TEST_F(AccessControlTest, ACalendarsTokenInTheUrl) {
  const std::string all = MakeFeed("web team", "");
  const std::string annas = MakeFeed("primary", "anna");
  const std::string ci = MakeToken("ci", Role::kAdmin);
  const std::string web = "/outrider/v1/oncall/web%20team/calendar.ics?token=";
  const std::string primary = "/outrider/v1/oncall/primary/calendar.ics?";
  Configure();
  const struct {
    const char* name;
    std::string method, path;
    int status;
  } kCases[] = {{"its calendar", "GET", web + all, 200},
                {"a part of it", "GET", web + all + "&user=ben", 401},
                {"another one", "GET", primary + "token=" + all, 401},
                {"hers", "GET", primary + "user=anna&token=" + annas, 200},
                {"everybody's", "GET", primary + "token=" + annas, 401},
                {"somebody else's", "GET", primary + "user=ben&token=" + annas, 401},
                {"two users", "GET", primary + "user=anna&user=ben&token=" + annas, 401},
                {"two tokens", "GET", primary + "user=anna&token=x&token=" + annas, 401},
                {"no token", "GET", "/outrider/v1/oncall/primary/calendar.ics", 401},
                {"a wrong one", "GET", web + all + "0", 401},
                {"one that calls, in a URL", "GET", web + ci, 401},
                {"the schedule itself", "GET", "/outrider/v1/oncall/primary?token=" + annas, 401},
                {"anything else", "GET", "/metrics?token=" + all, 401},
                {"a write", "POST", "/-/reload?token=" + all, 401}};
  for (const auto& c : kCases) {
    EXPECT_EQ(Code(Anybody(c.method.c_str(), c.path)), c.status) << c.name;
  }
  EXPECT_EQ(Send(Anybody("GET", web + all)).body, "feed of web team feed");
  EXPECT_EQ(Code(Anybody("GET", "/metrics").With("Authorization", "Bearer " + all)), 401)
      << "as a header it is nothing";
  EXPECT_EQ(Code(As("GET", web + "x", "vera")), 401) << "a bad token is no better with a password";
  EXPECT_EQ(Code(As("GET", primary + "user=anna", "vera")), 200);
  EXPECT_TRUE(
      tokens_
          ->Revoke("feed of web team", {},
                   [this](const std::string&, const std::string&, const Caller&,
                          const Batch& rows) { return store_.Commit(rows, Durability::kSynced); })
          .ok());
  EXPECT_EQ(Code(Anybody("GET", web + all)), 401);
}

TEST_F(AccessControlTest, WrongOnesAreTold) {
  Configure();
  const HttpResponse wrong = Send(Basic("GET", "/metrics", "vera", "otto"));
  EXPECT_EQ(wrong.status, 401);
  EXPECT_THAT(wrong.headers,
              testing::Contains(testing::Pair("WWW-Authenticate", HasSubstr("Basic realm"))));
  EXPECT_EQ(hashed_, 1);
  EXPECT_EQ(Code(Basic("GET", "/metrics", "stranger", "x")), 401);
  EXPECT_EQ(hashed_, 2) << "the time must not tell that there is no such user";
  EXPECT_EQ(Code(Anybody("GET", "/metrics").With("Authorization", "Digest x")), 401);
  // A password of somebody else's hash: the name counts.
  EXPECT_EQ(Code(Basic("GET", "/metrics", "root", "vera")), 401);
}

TEST_F(AccessControlTest, VerdictsAreRememberedUntilAReload) {
  Configure();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(Code(As("POST", "/api/v1/write", "otto")), 200);
  EXPECT_EQ(hashed_, 1);
  Configure();
  EXPECT_EQ(Code(As("POST", "/api/v1/write", "otto")), 200);
  EXPECT_EQ(hashed_, 2);
  WebConfig fewer;
  fewer.file = "web.yml";
  fewer.users = {User("root", Role::kAdmin)};
  control_->Replace(fewer);
  EXPECT_EQ(Code(As("POST", "/api/v1/write", "otto")), 401);
}

TEST_F(AccessControlTest, OperatorsOfATeam) {
  Configure();
  EXPECT_EQ(Code(As("POST", "/outrider/v1/incidents/storage/acknowledge", "tina")), 200);
  EXPECT_EQ(Code(As("POST", "/outrider/v1/incidents/network/acknowledge", "tina")), 200);
  const HttpResponse other = Send(As("POST", "/outrider/v1/incidents/billing/acknowledge", "tina"));
  EXPECT_EQ(other.status, 403);
  EXPECT_THAT(other.body, HasSubstr("tina acts for storage, network; this incident is of billing"));
  EXPECT_EQ(Code(As("GET", "/outrider/v1/incidents/billing", "tina")), 200);  // may look
  EXPECT_EQ(Code(As("POST", "/outrider/v1/incidents/billing/acknowledge", "otto")), 200);
  // The handler says that there is none.
  EXPECT_EQ(Code(As("POST", "/outrider/v1/incidents/none/acknowledge", "tina")), 200);
}

TEST_F(AccessControlTest, PagesOfOtherSites) {
  Configure();
  const auto from = [](FakeRequest request, const char* origin) {
    request.With("Origin", origin);
    return request;
  };
  EXPECT_EQ(Code(from(As("POST", "/api/v2/silences", "otto"), "http://evil.example")), 403);
  EXPECT_EQ(Code(from(As("POST", "/api/v2/silences", "otto"), "http://outrider.example")), 200);
  EXPECT_EQ(Code(from(As("POST", "/api/v1/query", "otto"), "http://grafana.example")), 200);
  // Nobody's browser adds a token by itself.
  const std::string token = MakeToken("app", Role::kOperator);
  EXPECT_EQ(Code(from(Anybody("POST", "/api/v2/silences").With("Authorization", "Bearer " + token),
                      "http://app.example")),
            200);
}

TEST_F(AccessControlTest, TooManyRequests) {
  Configure({.requests_per_second = 1, .burst = 2, .failed_logins_per_minute = 10});
  EXPECT_EQ(Code(As("GET", "/metrics", "vera")), 200);  // not limited
  EXPECT_EQ(Code(As("GET", "/api/v1/query", "vera")), 200);
  EXPECT_EQ(Code(As("GET", "/api/v1/query", "vera")), 200);
  const HttpResponse third = Send(As("GET", "/api/v1/query", "vera"));
  EXPECT_EQ(third.status, 429);
  EXPECT_THAT(third.headers, testing::Contains(testing::Pair("Retry-After", "1")));
  EXPECT_EQ(Code(As("GET", "/api/v1/query", "otto")), 200) << "another caller";
  EXPECT_EQ(Code(As("GET", "/metrics", "vera")), 200);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Code(As("POST", "/api/v1/write", "otto")), 200);
  clock_.Advance(kSecond);
  EXPECT_EQ(Code(As("GET", "/api/v1/query", "vera")), 200);
  EXPECT_EQ(Code(As("GET", "/api/v1/query", "vera")), 429);
}

TEST_F(AccessControlTest, TooManyFailures) {
  Configure({.requests_per_second = 0, .burst = 0, .failed_logins_per_minute = 3});
  EXPECT_EQ(Code(As("GET", "/metrics", "vera")), 200);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Code(Basic("GET", "/metrics", "root", "guess" + std::to_string(i))), 401);
  }
  const int hashed = hashed_;
  const HttpResponse refused = Send(Basic("GET", "/metrics", "root", "root"));
  EXPECT_EQ(refused.status, 429) << "right or not: nobody learns it by guessing on";
  EXPECT_THAT(refused.headers, testing::Contains(testing::Pair("Retry-After", "20")));
  EXPECT_EQ(hashed_, hashed) << "it costs nothing";
  EXPECT_EQ(Code(As("GET", "/metrics", "vera")), 200) << "who is known is not kept out";
  FakeRequest elsewhere = As("GET", "/metrics", "root");
  elsewhere.remote_address = "192.0.2.2";
  EXPECT_EQ(Code(elsewhere), 200);
  clock_.Advance(20 * kSecond);
  EXPECT_EQ(Code(Basic("GET", "/metrics", "root", "other")), 401);
}

TEST_F(AccessControlTest, SessionsOfBrowsers) {
  Configure();
  FakeRequest login("POST", "/outrider/v1/login");
  login.With("Host", "outrider.example").With("Origin", "http://outrider.example");
  EXPECT_EQ(control_->Login(login, "otto", "wrong").refusal->status, 401);
  const AccessControl::LoginResult result = control_->Login(login, "otto", "otto");
  ASSERT_FALSE(result.refusal);
  EXPECT_THAT(result.cookie, HasSubstr("; HttpOnly; SameSite=Strict"));
  EXPECT_THAT(result.cookie, HasSubstr("; Path=/x/; Max-Age=43200;"));
  const std::string cookie = result.cookie.substr(0, result.cookie.find(';'));
  const auto with = [&](const char* method, const char* path) {
    return Anybody(method, path).With("Cookie", "a=b; " + cookie).With("Host", "outrider.example");
  };
  EXPECT_EQ(Send(with("POST", "/api/v2/silences")).body, "otto session");
  EXPECT_EQ(Code(with("POST", "/api/v2/silences").With("Origin", "http://evil.example")), 403);
  EXPECT_EQ(Code(with("POST", "/-/reload")), 403);
  clock_.Advance(12 * kHour);
  EXPECT_EQ(Code(with("POST", "/api/v2/silences")), 401) << "it has ended";
  clock_.Advance(-12 * kHour);
  EXPECT_EQ(Code(with("POST", "/api/v2/silences")), 200);
  EXPECT_THAT(control_->Logout(with("POST", "/outrider/v1/logout")), HasSubstr("Max-Age=0"));
  EXPECT_EQ(Code(with("POST", "/api/v2/silences")), 401);
}

TEST_F(AccessControlTest, AnotherPasswordEndsSessions) {
  Configure();
  FakeRequest login("POST", "/outrider/v1/login");
  const std::string set = control_->Login(login, "otto", "otto").cookie;
  const std::string cookie = set.substr(0, set.find(';'));
  EXPECT_EQ(Code(Anybody("GET", "/metrics").With("Cookie", cookie)), 200);
  AccessUser otto = User("otto", Role::kOperator);
  otto.password_hash = "hash of another";
  WebConfig changed;
  changed.file = "web.yml";
  changed.users = {otto, User("root", Role::kAdmin)};
  control_->Replace(changed);
  EXPECT_EQ(Code(Anybody("GET", "/metrics").With("Cookie", cookie)), 401);
}

TEST_F(AccessControlTest, LoginIsOursAlone) {
  FakeRequest login("POST", "/outrider/v1/login");
  EXPECT_EQ(control_->Login(login, "otto", "otto").refusal->status, 403) << "there are no users";
  Configure();
  login.With("Host", "outrider.example").With("Origin", "http://evil.example");
  EXPECT_EQ(control_->Login(login, "otto", "otto").refusal->status, 403);
}

TEST_F(AccessControlTest, BrowsersGetAPage) {
  Configure();
  const HttpResponse page = Send(Anybody("GET", "/?a=\"b").With("Accept", "text/html,*/*"));
  EXPECT_EQ(page.status, 401);
  EXPECT_THAT(page.body, HasSubstr("action=\"/x/outrider/v1/login\""));
  EXPECT_THAT(page.body, HasSubstr("value=\"/x/?a=&#34;b\""));
  for (const auto& [name, value] : page.headers) EXPECT_NE(name, "WWW-Authenticate");
  EXPECT_EQ(Send(Anybody("POST", "/api/v2/silences").With("Accept", "text/html")).content_type,
            "application/json");
}

TEST(Refusal, WhereToGoNext) {
  for (const char* good : {"/", "/graph?x=1", "/x/outrider/v1/incidents/1"}) {
    EXPECT_EQ(SafeNext(good), good);
  }
  for (const char* bad : {"", "graph", "//evil.example", "/\\evil.example", "http://evil.example",
                          "/a\r\nSet-Cookie: x", "/a\\b"}) {
    EXPECT_EQ(SafeNext(bad), "/") << bad;
  }
}

TEST(CallerAddress, NetworksOfIPv6) {
  const struct {
    const char* address;
    const char* caller;
  } kCases[] = {
      {"192.0.2.1", "192.0.2.1"},
      {"::ffff:192.0.2.1", "192.0.2.1"},
      {"::FFFF:c000:201", "192.0.2.1"},
      {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
      {"2001:db8:1:2:9:9:9:9", "2001:db8:1:2::/64"},
      {"2001:db8:1:3:3:4:5:6", "2001:db8:1:3::/64"},
      {"2001:db8:1:2::5", "2001:db8:1:2::/64"},
      // Zeros among the first four groups are left out too.
      {"2001:db8::5", "2001:db8::/64"},
      {"2001:db8::1:2:3:4", "2001:db8::/64"},
      {"2001:DB8:0:0:1::", "2001:db8::/64"},
      {"2001:db8:1::1", "2001:db8:1::/64"},
      {"2001:db8:1:0:ffff:ffff:ffff:ffff", "2001:db8:1::/64"},
      {"fe80::1%eth0", "fe80::/64"},
      {"::1", "::1"},
      {"::2", "::/64"},
      {"", ""},
      {"no address", "no address"},
  };
  for (const auto& c : kCases) EXPECT_EQ(CallerAddress(c.address), c.caller) << c.address;
}

}  // namespace
}  // namespace outrider
