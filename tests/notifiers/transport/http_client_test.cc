// SPDX-License-Identifier: Apache-2.0
#include "notifiers/transport/http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/support/http_sink.h"

namespace outrider {
namespace {

using Mode = HttpSinkReply::Mode;
using ::testing::HasSubstr;
using ::testing::Not;

HttpClientRequest Post(const std::string& url, DurationMs timeout = 5 * kSecond) {
  HttpClientRequest request;
  request.url = url;
  request.body = R"({"a":1})";
  request.headers = {{"Content-Type", "application/json"}, {"Idempotency-Key", "k1"}};
  request.timeout = timeout;
  return request;
}

TEST(HttpClient, SendsMethodHeadersAndBody) {
  HttpSink sink;
  const auto client = MakeCurlHttpClient();
  const auto answer = client->Do(Post(sink.Url("/hook?x=1")));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "ok");
  EXPECT_FALSE(answer->body_cut);
  ASSERT_EQ(sink.Requests().size(), 1u);
  const HttpSinkRequest request = sink.Requests()[0];
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.path, "/hook?x=1");
  EXPECT_EQ(request.body, R"({"a":1})");
  EXPECT_EQ(request.headers.at("content-type"), "application/json");
  EXPECT_EQ(request.headers.at("idempotency-key"), "k1");
  EXPECT_EQ(request.headers.at("user-agent"), "Outrider");
  EXPECT_EQ(request.headers.count("expect"), 0u);
}

TEST(HttpClient, MethodsAndCredentials) {
  HttpSink sink;
  const auto client = MakeCurlHttpClient();
  HttpClientRequest get = Post(sink.Url());
  get.method = "GET";
  get.basic_user = "anna";
  get.basic_password = "pw";
  ASSERT_TRUE(client->Do(get).ok());
  HttpClientRequest put = Post(sink.Url());
  put.method = "PUT";
  put.bearer_token = "t0ken";
  put.headers.emplace_back("User-Agent", "Alertmanager/0.34.0");
  ASSERT_TRUE(client->Do(put).ok());
  const auto requests = sink.Requests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[0].method, "GET");
  EXPECT_EQ(requests[0].body, "");
  EXPECT_EQ(requests[0].headers.at("authorization"), "Basic YW5uYTpwdw==");
  EXPECT_EQ(requests[1].method, "PUT");
  EXPECT_EQ(requests[1].body, R"({"a":1})");
  EXPECT_EQ(requests[1].headers.at("authorization"), "Bearer t0ken");
  EXPECT_EQ(requests[1].headers.at("user-agent"), "Alertmanager/0.34.0");
}

TEST(HttpClient, APasswordNeedsNoUser) {
  HttpSink sink;
  HttpClientRequest request = Post(sink.Url());
  request.basic_password = "tok";
  ASSERT_TRUE(MakeCurlHttpClient()->Do(request).ok());
  EXPECT_EQ(sink.Requests().at(0).headers.at("authorization"), "Basic OnRvaw==");
}

// What the proxy says to CONNECT is not the receiver's answer.
TEST(HttpClient, ATunnelThatLeadsNowhereIsNoAnswer) {
  for (const char* said :
       {"HTTP/1.1 200 Connection established\r\n\r\n",
        "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"}) {
    LoopbackServer proxy([said](LoopbackConnection& connection) {
      std::string line;
      while (connection.ReadLine(&line) && !line.empty()) continue;
      connection.Write(said);
    });
    HttpClientRequest request = Post("https://hooks.example/x");
    request.proxy_url = "http://127.0.0.1:" + std::to_string(proxy.port());
    const auto answer = MakeCurlHttpClient()->Do(request);
    EXPECT_EQ(answer.status().code(), absl::StatusCode::kUnavailable) << said;
    EXPECT_EQ(proxy.connections(), 1u) << said;
  }
}

TEST(HttpClient, ErrorStatusIsAnAnswer) {
  HttpSink sink;
  sink.Script({{.status = 429, .headers = {{"Retry-After", "7"}}, .body = "slow down"},
               {.status = 503, .body = ""}});
  const auto client = MakeCurlHttpClient();
  const auto limited = client->Do(Post(sink.Url()));
  ASSERT_TRUE(limited.ok());
  EXPECT_EQ(limited->status, 429);
  EXPECT_EQ(limited->Header("retry-after"), "7");
  EXPECT_EQ(limited->Header("absent"), "");
  EXPECT_EQ(limited->body, "slow down");
  const auto down = client->Do(Post(sink.Url()));
  ASSERT_TRUE(down.ok());
  EXPECT_EQ(down->status, 503);
}

TEST(HttpClient, ReusesItsConnection) {
  HttpSink sink;
  const auto client = MakeCurlHttpClient();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(client->Do(Post(sink.Url())).ok());
  EXPECT_EQ(sink.Requests().size(), 5u);
  EXPECT_EQ(sink.connections(), 1u);
}

TEST(HttpClient, WhatMayNotComeTwiceIsSentOnce) {
  HttpSink sink;
  const auto client = MakeCurlHttpClient();
  HttpClientRequest once = Post(sink.Url());
  once.headers.pop_back();  // no Idempotency-Key
  ASSERT_TRUE(client->Do(once).ok());
  sink.Script({{.mode = Mode::kCloseUnanswered}});
  EXPECT_EQ(client->Do(once).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(sink.Requests().size(), 2u);
  EXPECT_EQ(sink.connections(), 2u);
}

TEST(HttpClient, NoAnswer) {
  HttpSink sink;
  const auto client = MakeCurlHttpClient();
  sink.Script({{.mode = Mode::kCloseUnanswered}, {.mode = Mode::kHang}});
  EXPECT_EQ(client->Do(Post(sink.Url())).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(client->Do(Post(sink.Url(), 100)).status().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST(HttpClient, NobodyListens) {
  std::string url;
  {
    const HttpSink gone;
    url = gone.Url("/very-secret-path?token=abc");
  }
  const auto client = MakeCurlHttpClient();
  const auto answer = client->Do(Post(url));
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(Message(answer.status()), HasSubstr("http://127.0.0.1:"));
  EXPECT_THAT(Message(answer.status()), Not(HasSubstr("secret")));
}

TEST(HttpClient, StatusWithHalfABodyIsAnAnswer) {
  HttpSink sink;
  sink.Script({{.body = "0123456789", .mode = Mode::kCloseMidBody}});
  const auto client = MakeCurlHttpClient();
  const auto answer = client->Do(Post(sink.Url()));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->status, 200);
  EXPECT_TRUE(answer->body_cut);
  EXPECT_EQ(answer->body, "01234");
}

TEST(HttpClient, BodyIsLimited) {
  HttpSink sink;
  sink.Script({{.body = std::string(3 << 20, 'x')}});
  const auto client = MakeCurlHttpClient();
  const auto answer = client->Do(Post(sink.Url()));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_TRUE(answer->body_cut);
  EXPECT_EQ(answer->body.size(), size_t{1} << 20);
}

TEST(HttpClient, Redirects) {
  HttpSink sink;
  const auto client = MakeCurlHttpClient();
  sink.Script({{.status = 302, .headers = {{"Location", "/there"}}, .body = ""}});
  auto answer = client->Do(Post(sink.Url()));
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(sink.Requests().back().method, "GET");
  EXPECT_EQ(sink.Requests().back().path, "/there");

  sink.Script({{.status = 307, .headers = {{"Location", "/again"}}, .body = ""}});
  ASSERT_TRUE(client->Do(Post(sink.Url())).ok());
  EXPECT_EQ(sink.Requests().back().method, "POST");
  EXPECT_EQ(sink.Requests().back().body, R"({"a":1})");

  HttpClientRequest stay = Post(sink.Url());
  stay.follow_redirects = false;
  sink.Script({{.status = 302, .headers = {{"Location", "/there"}}, .body = ""}});
  answer = client->Do(stay);
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->status, 302);

  sink.Script({{.status = 302, .headers = {{"Location", "file:///etc/passwd"}}, .body = ""}});
  answer = client->Do(Post(sink.Url()));
  EXPECT_FALSE(answer.ok());

  sink.SetDefault({.status = 302, .headers = {{"Location", "/loop"}}, .body = ""});
  EXPECT_EQ(client->Do(Post(sink.Url())).status().code(), absl::StatusCode::kUnavailable);
}

// As Go's client: the same host behind another port is asked with the same credentials.
TEST(HttpClient, RedirectsAndCredentials) {
  HttpSink first;
  HttpSink second;
  const auto client = MakeCurlHttpClient();
  const auto sent = [&](const std::string& to) {
    first.Script({{.status = 307, .headers = {{"Location", to}}, .body = ""}});
    HttpClientRequest request = Post(first.Url());
    request.basic_user = "u";
    request.basic_password = "p";
    request.headers.emplace_back("X-Own", "kept");
    EXPECT_TRUE(client->Do(request).ok());
    return second.Requests().back();
  };
  const auto same_host = sent(second.Url());
  EXPECT_EQ(same_host.headers.at("authorization"), "Basic dTpw");
  EXPECT_EQ(same_host.method, "POST");
  std::string other = second.Url();
  other.replace(other.find("127.0.0.1"), 9, "localhost");
  const auto other_host = sent(other);
  EXPECT_FALSE(other_host.headers.contains("authorization"));
  EXPECT_EQ(other_host.headers.at("x-own"), "kept");
}

TEST(HttpClient, RefusesWhatCannotBeSent) {
  const auto client = MakeCurlHttpClient();
  for (const char* url : {"file:///etc/passwd", "ftp://host/", "", "gopher://x", "http://a\r\nb"}) {
    EXPECT_EQ(client->Do(Post(url)).status().code(), absl::StatusCode::kInvalidArgument) << url;
  }
  HttpClientRequest split = Post("http://127.0.0.1:1/");
  split.headers.emplace_back("X-A", "b\r\nX-Evil: yes");
  EXPECT_EQ(client->Do(split).status().code(), absl::StatusCode::kInvalidArgument);
  HttpClientRequest token = Post("http://127.0.0.1:1/");
  token.bearer_token = "a\nb";
  EXPECT_EQ(client->Do(token).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(HttpClient, SeveralThreadsAtOnce) {
  HttpSink sink;
  const auto client = MakeCurlHttpClient();
  {
    std::vector<std::jthread> threads;
    threads.reserve(8);
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 10; ++i) EXPECT_TRUE(client->Do(Post(sink.Url())).ok());
      });
    }
  }
  EXPECT_EQ(sink.Requests().size(), 80u);
  EXPECT_LE(sink.connections(), 8u);
}

TEST(RetryAfter, Table) {
  const Nanos now = 1'700'000'000 * kNanosPerSecond;  // Tue, 14 Nov 2023 22:13:20 GMT
  struct Case {
    std::string_view text;
    int64_t ms;
  };
  for (const Case& c :
       {Case{"", 0}, Case{"7", 7000}, Case{" 7 ", 7000}, Case{"0", 0}, Case{"99999", 3600000},
        Case{"99999999999999999999999", 3600000}, Case{"Tue, 14 Nov 2023 22:13:50 GMT", 30000},
        Case{"Tue, 14 Nov 2023 22:13:10 GMT", 0}, Case{"Wed, 15 Nov 2023 22:13:10 GMT", 3600000},
        Case{"-5", 0}, Case{"1.5", 0}, Case{"soon", 0}}) {
    EXPECT_EQ(ParseRetryAfter(c.text, now), c.ms) << c.text;
  }
}

}  // namespace
}  // namespace outrider
