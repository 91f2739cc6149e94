// SPDX-License-Identifier: Apache-2.0
// The server over real loopback sockets.
#include "exporter/http/server.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>

#include "exporter/http/gzip.h"
#include "tests/exporter/http/raw_client.h"
#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

HttpResponse EchoBody(HttpRequest& request) {
  StatusOr<std::string> body = request.ReadBody(64 * 1024);
  if (absl::IsResourceExhausted(body.status())) return HttpResponse::Text(413, "too large\n");
  if (!body.ok()) return HttpResponse::Text(400, Message(body.status()) + "\n");
  return HttpResponse::Text(200, *std::move(body));
}

HttpResponse StreamNumbers(HttpRequest&) {
  HttpResponse response = HttpResponse::Text(200, "start\n");
  response.stream = [i = 0](std::string* piece) mutable {
    *piece = fmt::format("line {}\n", i++);
    return i < 10000;
  };
  return response;
}

HttpResponse EchoParams(HttpRequest& request) {
  const auto params = request.Params();
  if (!params.ok()) return HttpResponse::Text(400, Message(params.status()));
  std::string out;
  for (const auto& [name, value] : *params) out += fmt::format("{}={};", name, value);
  return HttpResponse::Text(200, out);
}

class ServerTest : public ::testing::Test {
 protected:
  ServerTest() : clock_(1'795'253'047 * kNanosPerSecond) {
    router_.Add("GET", "/hello", [](HttpRequest&) { return HttpResponse::Text(200, "hello\n"); });
    router_.Add("GET", "/big",
                [](HttpRequest&) { return HttpResponse::Text(200, std::string(100000, 'x')); });
    router_.Add("POST", "/echo", EchoBody);
    router_.Add("POST", "/ignore", [](HttpRequest&) { return HttpResponse::Text(200, "ok\n"); });
    router_.Add("GET", "/stream", StreamNumbers);
    router_.Add("GET", "/params", EchoParams);
    router_.Add("POST", "/params", EchoParams);
    router_.Add("GET", "/empty", [](HttpRequest&) {
      HttpResponse response;
      response.status = 204;
      return response;
    });
    router_.Add("GET", "/throws",
                [](HttpRequest&) -> HttpResponse { throw std::runtime_error("oops"); });
    router_.Add("GET", "/label/:name/values", [](HttpRequest& r) {
      return HttpResponse::Text(200, r.path_params["name"] + "|" + r.path);
    });
  }

  void Start(HttpServerOptions options = {}) {
    options.listen_addresses = {"127.0.0.1:0"};
    if (!many_threads_) options.threads = 4;
    options.clock = &clock_;
    auto server = HttpServer::Start(options, router_);
    ASSERT_TRUE(server.ok()) << Message(server.status());
    server_ = *std::move(server);
  }
  int port() const { return server_->Port(); }

  bool many_threads_ = false;  // as many as by default
  FakeClock clock_;
  Router router_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(ServerTest, AnswersAndKeepsTheConnection) {
  Start();
  RawClient client(port());
  for (int i = 0; i < 3; ++i) {
    client.Send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    const RawAnswer answer = client.Read();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "hello\n");
    EXPECT_EQ(answer.headers.at("connection"), "keep-alive");
    EXPECT_EQ(answer.headers.at("date"), "Sat, 21 Nov 2026 09:24:07 GMT");
  }
  client.Send("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(client.Read().headers.at("connection"), "close");
  EXPECT_TRUE(client.AtEnd());
}

TEST_F(ServerTest, StatusCodes) {
  Start();
  EXPECT_EQ(Get(port(), "/nope").status, 404);
  const RawAnswer wrong = Post(port(), "/hello", "text/plain", "x");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.headers.at("allow"), "GET, OPTIONS");
  EXPECT_EQ(Get(port(), "/empty").status, 204);
  EXPECT_EQ(Get(port(), "/throws").status, 500);
  EXPECT_EQ(Get(port(), "/bad%zz").status, 400);
}

TEST_F(ServerTest, HeadHasTheLengthButNoBody) {
  Start();
  RawClient client(port());
  client.Send("HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  const RawAnswer answer = client.Read(true);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.headers.at("content-length"), "6");
  client.Send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.Read().body, "hello\n") << "the next answer starts right behind the head";
}

TEST_F(ServerTest, GzipForThoseWhoAcceptIt) {
  Start();
  EXPECT_EQ(Get(port(), "/big").body.size(), 100000U);
  const RawAnswer packed = Get(port(), "/big", "Accept-Encoding: gzip\r\n");
  EXPECT_EQ(packed.headers.at("content-encoding"), "gzip");
  EXPECT_LT(packed.body.size(), 2000U);
  EXPECT_EQ(Gunzip(packed.body, 1 << 20).value(), std::string(100000, 'x'));
  const RawAnswer small = Get(port(), "/hello", "Accept-Encoding: gzip\r\n");
  EXPECT_FALSE(small.headers.contains("content-encoding"));
}

TEST_F(ServerTest, StreamsInChunks) {
  Start();
  std::string expected = "start\n";
  for (int i = 0; i < 10000; ++i) expected += fmt::format("line {}\n", i);
  const RawAnswer plain = Get(port(), "/stream");
  EXPECT_EQ(plain.headers.at("transfer-encoding"), "chunked");
  EXPECT_EQ(plain.body, expected);
  const RawAnswer packed = Get(port(), "/stream", "Accept-Encoding: gzip\r\n");
  EXPECT_EQ(Gunzip(packed.body, 1 << 20).value(), expected);
  RawClient old(port());
  old.Send("GET /stream HTTP/1.0\r\n\r\n");
  const RawAnswer unframed = old.Read();
  EXPECT_FALSE(unframed.headers.contains("transfer-encoding"));
  EXPECT_EQ(unframed.body, expected);
}

TEST_F(ServerTest, ReadsBodies) {
  Start();
  EXPECT_EQ(Post(port(), "/echo", "text/plain", "some text").body, "some text");
  EXPECT_EQ(Post(port(), "/echo", "text/plain", "").body, "");
  const std::string long_body(60000, 'b');
  EXPECT_EQ(Post(port(), "/echo", "text/plain", long_body).body, long_body);
  EXPECT_EQ(Post(port(), "/echo", "text/plain", std::string(70000, 'b')).status, 413);

  // One that sends all before it reads hears why, too.
  const RawAnswer refused = Post(port(), "/echo", "text/plain", std::string(20 << 20, 'b'));
  EXPECT_EQ(refused.status, 413);
  EXPECT_EQ(refused.body, "too large\n");

  RawClient chunked(port());
  chunked.Send(
      "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n");
  EXPECT_EQ(chunked.Read().body, "hello world");
  chunked.Send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(chunked.Read().body, "hello\n");
}

TEST_F(ServerTest, ABodyNobodyReadsDoesNotSpoilTheNextRequest) {
  Start();
  RawClient client(port());
  client.Send("POST /ignore HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_EQ(client.Read().body, "ok\n");
  client.Send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.Read().body, "hello\n");
}

TEST_F(ServerTest, ExpectContinue) {
  Start();
  RawClient client(port());
  client.Send(
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.ReadLine(), "HTTP/1.1 100 Continue");
  EXPECT_EQ(client.ReadLine(), "");
  client.Send("hello");
  EXPECT_EQ(client.Read().body, "hello");
  client.Send(
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.Read().status, 413) << "refused before the body is sent";
}

TEST_F(ServerTest, ATruncatedBodyIsAnError) {
  Start();
  RawClient client(port());
  client.Send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhello");
  client.FinishSending();
  const RawAnswer answer = client.Read();
  EXPECT_EQ(answer.status, 0) << "an answer would keep the sender from trying again";
  EXPECT_TRUE(client.AtEnd());
}

using HalfSent = std::vector<std::unique_ptr<RawClient>>;
HalfSent SendHalves(int port, int count) {
  HalfSent clients;
  for (int i = 0; i < count; ++i) {
    clients.push_back(std::make_unique<RawClient>(port));
    clients.back()->Send(i % 2 == 0 ? "GET /hello HTT"
                                    : "POST /echo HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc");
  }
  return clients;
}

TEST_F(ServerTest, SlowClientsDoNotStopOthers) {
  many_threads_ = true;
  Start();
  const HalfSent clients = SendHalves(port(), 80);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(Get(port(), "/hello").body, "hello\n");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
}

TEST_F(ServerTest, ConnectionsWithoutProgressAreClosed) {
  HttpServerOptions options;
  options.stall_timeout = 200;
  Start(options);
  const HalfSent clients = SendHalves(port(), 8);  // twice as many as threads
  EXPECT_EQ(Get(port(), "/hello").body, "hello\n");
  for (const auto& client : clients) {
    const int status = client->Read().status;
    EXPECT_TRUE(status == 0 || status == 400) << status;
    EXPECT_TRUE(client->AtEnd());
  }
}

TEST_F(ServerTest, LongHeads) {
  Start();
  const std::string filler(70'000, 'a');
  EXPECT_EQ(Get(port(), "/hello?q=" + filler).status, 414);
  EXPECT_EQ(Get(port(), "/hello", "X-Filler: " + filler + "\r\n").status, 431);
  EXPECT_EQ(Get(port(), "/hello", "X-Filler: " + filler + filler + "\r\n").status, 400);
  EXPECT_EQ(Get(port(), "/hello", "X-Filler: " + filler.substr(0, 60'000) + "\r\n").status, 200);
}

TEST_F(ServerTest, BadListenAddressesAreNamed) {
  for (const char* address : {"999.1.1.1:0", "no-such-host.invalid:0", "[::g]:0"}) {
    HttpServerOptions options;
    options.listen_addresses = {address};
    const auto server = HttpServer::Start(options, router_);
    ASSERT_FALSE(server.ok()) << address;
    EXPECT_NE(Message(server.status()).find(address), std::string::npos) << server.status();
  }
}

TEST_F(ServerTest, ParamsAndPathParts) {
  Start();
  EXPECT_EQ(Get(port(), "/params?a=1%2B2&b=x+y&a=&c").body, "a=1+2;b=x y;a=;c=;");
  EXPECT_EQ(
      Post(port(), "/params?q=url", "application/x-www-form-urlencoded", "q=body&m%5B%5D=x").body,
      "q=body;m[]=x;q=url;");
  EXPECT_EQ(Get(port(), "/params?a=%zz").status, 400);
  EXPECT_EQ(Get(port(), "/label/a%2Fb%20c/values").body, "a/b c|/label/a/b c/values");
}

TEST_F(ServerTest, RoutePrefix) {
  HttpServerOptions options;
  options.route_prefix = "/x";
  Start(options);
  EXPECT_EQ(Get(port(), "/x/hello").body, "hello\n");
  EXPECT_EQ(Get(port(), "/hello").status, 404);
  EXPECT_EQ(Get(port(), "/xhello").status, 404);
  EXPECT_EQ(Get(port(), "/").headers.at("location"), "/x/");
}

TEST_F(ServerTest, PortInUseIsNamed) {
  Start();
  HttpServerOptions options;
  options.listen_addresses = {fmt::format("127.0.0.1:{}", port())};
  const auto second = HttpServer::Start(options, router_);
  ASSERT_FALSE(second.ok());
  EXPECT_TRUE(absl::IsAlreadyExists(second.status())) << second.status();
  EXPECT_NE(Message(second.status()).find(options.listen_addresses[0]), std::string::npos)
      << Message(second.status());
}

TEST_F(ServerTest, SeveralAddressesAndAllInterfaces) {
  HttpServerOptions options;
  options.listen_addresses = {"127.0.0.1:0", ":0"};
  options.threads = 2;
  auto server = HttpServer::Start(options, router_);
  ASSERT_TRUE(server.ok()) << Message(server.status());
  const std::vector<std::string> addresses = (*server)->Addresses();
  ASSERT_EQ(addresses.size(), 2U);
  for (const std::string& address : addresses) {
    const int p = std::stoi(address.substr(address.rfind(':') + 1));
    EXPECT_GT(p, 0);
    EXPECT_EQ(Get(p, "/hello").body, "hello\n") << address;
  }
}

TEST_F(ServerTest, CountsByRouteAndStopsCleanly) {
  Start();
  Get(port(), "/hello");
  Get(port(), "/label/a/values");
  Get(port(), "/label/b/values");
  Get(port(), "/nope");
  server_->Stop();
  const HttpServerStats stats = server_->Stats();
  EXPECT_EQ(stats.requests, 4U);
  EXPECT_EQ(stats.by_path_and_code.at({"/label/:name/values", 200}), 2U);
  EXPECT_EQ(stats.by_path_and_code.at({"unknown", 404}), 1U);
  server_->Stop();
}

TEST_F(ServerTest, GarbageIsSurvived) {
  Start();
  for (const char* bytes :
       {"\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\x16\x03\x01\x02\x00\x01",
        "POST /echo HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
        "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n"}) {
    RawClient client(port());
    client.Send(bytes);
    client.FinishSending();
    client.Read();
  }
  EXPECT_EQ(Get(port(), "/hello").body, "hello\n");
}

}  // namespace
}  // namespace outrider
