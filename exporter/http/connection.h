// SPDX-License-Identifier: Apache-2.0
// One request on a civetweb connection: reading it and writing the answer.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "exporter/http/server.h"

struct mg_connection;

namespace outrider {

// Used by the worker thread that serves the connection.
class CivetRequest final : public HttpRequest {
 public:
  CivetRequest(mg_connection* connection, const HttpServerOptions& options);

  std::string Header(std::string_view name) const override;
  bool HasHeader(std::string_view name) const override;
  StatusOr<std::string> ReadBody(size_t limit) override;

  const std::string& http_version() const { return http_version_; }
  // The rest of the body was given up: the connection cannot carry another request.
  bool must_close() const { return must_close_; }
  // The body stopped coming: there is nobody to answer, or an answer would keep the sender from
  // trying again.
  bool broke_off() const { return broke_off_; }

 private:
  void SendContinue();
  void SwallowBody(int64_t deadline);
  Status GiveUp(Status why) {
    must_close_ = true;
    return why;
  }
  Status BreakOff(Status why) {
    broke_off_ = true;
    return GiveUp(std::move(why));
  }

  mg_connection* connection_;
  const HttpServerOptions& options_;
  std::string http_version_;
  bool must_close_ = false;
  bool broke_off_ = false;
};

// The answer to a request whose head is longer than allowed: 414 for its URL, 431 for the headers.
std::optional<HttpResponse> RefuseHead(const mg_connection* connection, size_t limit);

// Sends `response` in as few writes as it takes; `keep_alive` is the server's wish and closes the
// connection behind the answer when false. A client that went away ends it silently.
void SendResponse(mg_connection* connection, const CivetRequest& request,
                  const HttpResponse& response, bool keep_alive, const std::string& date);

}  // namespace outrider
