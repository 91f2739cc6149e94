// SPDX-License-Identifier: Apache-2.0
// An HTTP server for tests: records every request and answers as scripted.
//     HttpSink sink;
//     sink.Script({{.status = 503}, {.status = 429, .headers = {{"Retry-After", "7"}}}});  // then
//     200 … send to sink.Url("/hook") … ASSERT_TRUE(sink.WaitForRequests(3));
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/loopback_server.h"

namespace outrider {

struct HttpSinkReply {
  enum class Mode {
    kAnswer,
    kCloseUnanswered,  // closes after the request was read
    kCloseMidBody,     // announces the body, sends half of it
    kHang,             // never answers
  };
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = "ok";
  Mode mode = Mode::kAnswer;
};

struct HttpSinkRequest {
  std::string method;
  std::string path;                            // with query
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

// Thread-safe.
class HttpSink {
 public:
  HttpSink();
  std::string Url(const std::string& path = "/") const;
  int port() const { return server_.port(); }

  // Answers the next requests in this order, afterwards the default.
  void Script(std::vector<HttpSinkReply> replies);
  void SetDefault(HttpSinkReply reply);

  std::vector<HttpSinkRequest> Requests() const;
  // Blocks until that many requests have come; false after `timeout_ms`.
  bool WaitForRequests(size_t count, int timeout_ms = 10'000) const;
  size_t connections() const { return server_.connections(); }

 private:
  void Serve(LoopbackConnection& connection);
  HttpSinkReply Record(HttpSinkRequest request);

  mutable std::mutex mutex_;
  mutable std::condition_variable came_;
  std::deque<HttpSinkReply> script_;
  HttpSinkReply default_;
  std::vector<HttpSinkRequest> requests_;
  LoopbackServer server_;  // last: its threads use the rest
};

}  // namespace outrider
