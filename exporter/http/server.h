// SPDX-License-Identifier: Apache-2.0
// HTTP in. civetweb lives in server.cc only; the rest of the program sees requests, responses and a
// router.
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

// Who calls. On disk: add at the end.
enum class Role : uint8_t { kNone, kViewer, kOperator, kAdmin };
struct Caller {
  std::string name;  // user or token; "" : nobody in particular, where no users are configured
  Role role = Role::kNone;
  std::vector<std::string> teams;  // whose incidents they may act on; empty: everybody's
  std::string via;                 // basic, token, session, link; "" : not known
};

// One request while its handler runs. Not thread-safe; lives as long as the handler call.
class HttpRequest {
 public:
  virtual ~HttpRequest() = default;
  std::string method;
  std::string path;      // decoded, without the query, after the route prefix
  std::string raw_path;  // as it came, still percent-encoded; "" when there is nothing to decode
  std::string query;     // raw, without '?'
  std::string remote_address;
  std::map<std::string, std::string, std::less<>>
      path_params;    // of the route's `:name` parts, decoded
  std::string route;  // the matched pattern, set by Router::Dispatch; "" for an unknown path
  Caller caller;      // set by the guard
  std::vector<std::string> allowed;  // for the page of a 405: the methods the path has, sorted

  // A header's value or "" (names are case-insensitive).
  virtual std::string Header(std::string_view name) const = 0;
  virtual bool HasHeader(std::string_view name) const = 0;
  // Reads the body, at most `limit` bytes; a longer one is ResourceExhausted (413), a broken one
  // DataLoss (400). Not read until asked for. When the body stops coming the server closes the
  // connection without the handler's answer, so that the sender sees a failure it may retry.
  virtual StatusOr<std::string> ReadBody(size_t limit) = 0;

  // For POST of a form the parameters of the body (at most 10 MiB), then those of the query, in
  // order: the first of a name counts, so that the body wins as in Go. Reads the body at the first
  // call and keeps the answer.
  using ParamList = std::vector<std::pair<std::string, std::string>>;
  StatusOr<ParamList> Params();
  // A parameter of the URL alone; "" when it is not there, is there twice or cannot be read.
  std::string QueryValue(std::string_view name) const;
  // The peer is this machine. A proxy on this machine counts as this machine: see JudgeAccess.
  bool FromLoopback() const;

 private:
  std::optional<ParamList> params_;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  // If set, called after `body` is sent to produce the rest in pieces; false ends it (chunked
  // answer).
  std::function<bool(std::string* piece)> stream;
  bool compressible = true;  // false: never sent as gzip

  static HttpResponse Text(int status, std::string body);
  static HttpResponse Json(int status, std::string body);
  static HttpResponse Html(int status, std::string body);
  static HttpResponse Empty();  // 204
};

using HttpHandler = std::function<HttpResponse(HttpRequest&)>;
// Answers in the handler's place (401, 403, 503), or lets the request pass.
using HttpGuard = std::function<std::optional<HttpResponse>(HttpRequest&)>;
// Runs in a handler's place and may call it.
using HttpWrapper = std::function<HttpResponse(HttpRequest&, const HttpHandler& next)>;
// The body of a 404 or 405 below some path.
using HttpErrorPage = std::function<HttpResponse(int status, const HttpRequest&)>;

// Method and pattern to handler. Patterns: `/api/v1/label/:name/values`; a last part `*rest` takes
// everything behind. Filled before the server starts, then read-only and so thread-safe. The first
// added of equal matches wins, but a pattern without variable parts wins over one with them.
class Router {
 public:
  void Add(std::string method, std::string pattern, HttpHandler handler);
  // Asked before every handler, in the order added.
  void AddGuard(HttpGuard guard);
  // Put around the handlers (behind the guards) of paths that start with `prefix`; the first added
  // that fits is used.
  void AddWrapper(std::string prefix, HttpWrapper wrapper);
  // Makes the 404 and 405 answers of paths that start with `prefix`.
  void SetErrorPage(std::string prefix, HttpErrorPage page);
  // Runs the handler; 404 for an unknown path, 405 with Allow for an unknown method. HEAD runs the
  // GET handler (the server leaves the body out). OPTIONS is answered 204 (CORS); answers below
  // /api/v1/ and /api/v2/ may be read by any origin, as in Prometheus and Alertmanager.
  HttpResponse Dispatch(HttpRequest& request) const;
  // (method, pattern) of every route, in the order added.
  std::vector<std::pair<std::string, std::string>> Routes() const;

 private:
  struct Route {
    std::string method;
    std::string pattern;
    std::vector<std::string> parts;
    bool variable = false;
    HttpHandler handler;
  };
  struct Found {
    const Route* route = nullptr;
    std::map<std::string, std::string, std::less<>> params;
    std::vector<std::string> allowed;  // the methods the path has
  };
  Found Find(const std::string& method, const HttpRequest& request) const;
  HttpResponse ErrorAnswer(int status, const HttpRequest& request) const;
  HttpResponse Run(HttpRequest& request) const;

  std::vector<Route> routes_;
  std::vector<HttpGuard> guards_;
  std::vector<std::pair<std::string, HttpWrapper>> wrappers_;
  std::vector<std::pair<std::string, HttpErrorPage>> error_pages_;
};

struct HttpServerOptions {
  std::vector<std::string> listen_addresses = {":9909"};  // host:port, :port; port 0 picks one
  std::string route_prefix;                               // "" or "/x"
  // One connection each while it is open: as many slow clients it takes to keep others waiting.
  int threads = 256;
  DurationMs idle_timeout =
      60 * kSecond;  // of a kept-alive connection; cut short when threads run out
  // For the head of a connection's first request (of later ones: idle_timeout), and without any
  // progress in reading a body or sending an answer. The connection is closed behind it.
  DurationMs stall_timeout = 5 * kSecond;
  DurationMs body_timeout = 30 * kSecond;  // a whole body; needs the clock
  size_t max_header_bytes = 64 * 1024;     // 431 for more; a URL alone: 414
  const Clock* clock = nullptr;  // for body_timeout and the Date header; outlives the server
};

struct HttpServerStats {
  uint64_t requests = 0;
  uint64_t open_connections = 0;
  std::map<std::pair<std::string, int>, uint64_t> by_path_and_code;  // path pattern, status
};

// Starts listening at construction (Start) and serves until destroyed. Answers are gzip-compressed
// when the client accepts it and the body is large enough.
class HttpServer {
 public:
  // Errors name the address: AlreadyExists when a port is in use, InvalidArgument when it is no
  // address or a host that cannot be resolved. `router` outlives the server.
  static StatusOr<std::unique_ptr<HttpServer>> Start(const HttpServerOptions& options,
                                                     const Router& router);
  virtual ~HttpServer() = default;
  virtual std::vector<std::string> Addresses() const = 0;  // with the real ports
  virtual int Port() const = 0;                            // of the first address
  virtual HttpServerStats Stats() const = 0;
  virtual void Stop() = 0;  // no new requests; waits for the running ones
};

}  // namespace outrider
