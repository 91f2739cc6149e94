// SPDX-License-Identifier: Apache-2.0
// HTTP in. civetweb lives in server.cc only; the rest of the program sees requests, responses and a router.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/status.h"

namespace outrider {

// One request while its handler runs. Not thread-safe; lives as long as the handler call.
class HttpRequest {
 public:
  virtual ~HttpRequest() = default;
  std::string method;
  std::string path;   // decoded, without the query, after the route prefix
  std::string query;  // raw, without '?'
  std::string remote_address;
  std::map<std::string, std::string, std::less<>> path_params;  // of the route's `:name` parts

  // A header's value or "" (names are case-insensitive).
  virtual std::string Header(std::string_view name) const = 0;
  virtual bool HasHeader(std::string_view name) const = 0;
  // Reads the body, at most `limit` bytes; a longer one is ResourceExhausted (413), a broken one DataLoss (400). Not
  // read until asked for.
  virtual StatusOr<std::string> ReadBody(size_t limit) = 0;

  // Query parameters and, for POST of a form, those of the body (at most 10 MiB), in order.
  StatusOr<std::vector<std::pair<std::string, std::string>>> Params();
  bool FromLoopback() const;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  // If set, called after `body` is sent to produce the rest in pieces; false ends it (chunked answer).
  std::function<bool(std::string* piece)> stream;

  static HttpResponse Text(int status, std::string body);
  static HttpResponse Json(int status, std::string body);
  static HttpResponse Html(int status, std::string body);
};

using HttpHandler = std::function<HttpResponse(HttpRequest&)>;

// Method and pattern to handler. Patterns: `/api/v1/label/:name/values`; a last part `*rest` takes everything behind.
// Filled before the server starts, then read-only.
class Router {
 public:
  void Add(std::string method, std::string pattern, HttpHandler handler);
  // Runs the handler; 404 for an unknown path, 405 with Allow for an unknown method. OPTIONS is answered 204 (CORS).
  HttpResponse Dispatch(HttpRequest& request) const;

 private:
  struct Route {
    std::string method;
    std::vector<std::string> parts;
    HttpHandler handler;
  };
  std::vector<Route> routes_;
};

struct HttpServerOptions {
  std::vector<std::string> listen_addresses = {":9909"};  // host:port, :port; port 0 picks one
  std::string route_prefix;                               // "" or "/x"
  int threads = 64;
  DurationMs idle_timeout = 60 * kSecond;
  DurationMs body_timeout = 30 * kSecond;
};

struct HttpServerStats {
  uint64_t requests = 0;
  uint64_t open_connections = 0;
  std::map<std::pair<std::string, int>, uint64_t> by_path_and_code;  // path pattern, status
};

// Starts listening at construction (Start) and serves until destroyed. Answers are gzip-compressed when the client
// accepts it and the body is large enough.
class HttpServer {
 public:
  // AlreadyExists names the address when a port is in use.
  static StatusOr<std::unique_ptr<HttpServer>> Start(const HttpServerOptions& options, const Router& router);
  virtual ~HttpServer() = default;
  virtual std::vector<std::string> Addresses() const = 0;  // with the real ports
  virtual int Port() const = 0;                             // of the first address
  virtual HttpServerStats Stats() const = 0;
  virtual void Stop() = 0;  // no new requests; waits for the running ones
};

}  // namespace outrider
