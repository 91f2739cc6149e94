// SPDX-License-Identifier: Apache-2.0
// A request without a socket, for tests of handlers.
#pragma once

#include <string>
#include <utility>

#include "exporter/http/server.h"
#include "storage/base/text.h"

namespace outrider {

class FakeRequest final : public HttpRequest {
 public:
  // `target` is a path with an optional query: `/api/v1/query?query=up`.
  explicit FakeRequest(std::string request_method, std::string_view target, std::string body = "")
      : body_(std::move(body)) {
    method = std::move(request_method);
    const size_t mark = target.find('?');
    raw_path = std::string(target.substr(0, mark));
    path = UrlDecode(raw_path, false).value_or(raw_path);
    if (mark != std::string_view::npos) query = std::string(target.substr(mark + 1));
    remote_address = "127.0.0.1";
  }
  // A posted form.
  static FakeRequest Form(std::string_view target, std::string body) {
    return FakeRequest("POST", target, std::move(body))
        .With("Content-Type", "application/x-www-form-urlencoded");
  }
  static FakeRequest JsonPost(std::string_view target, std::string body) {
    return FakeRequest("POST", target, std::move(body)).With("Content-Type", "application/json");
  }
  FakeRequest& With(const std::string& name, std::string value) & {
    headers_[ToLower(name)] = std::move(value);
    return *this;
  }
  FakeRequest With(const std::string& name, std::string value) && {
    headers_[ToLower(name)] = std::move(value);
    return std::move(*this);
  }

  std::string Header(std::string_view name) const override {
    const auto found = headers_.find(ToLower(name));
    return found == headers_.end() ? "" : found->second;
  }
  bool HasHeader(std::string_view name) const override { return headers_.count(ToLower(name)) > 0; }
  StatusOr<std::string> ReadBody(size_t limit) override {
    if (body_.size() > limit) return absl::ResourceExhaustedError("request body too large");
    return body_;
  }

 private:
  std::string body_;
  std::map<std::string, std::string> headers_;
};

// The whole body of an answer, streamed part included.
inline std::string WholeBody(const HttpResponse& response) {
  std::string out = response.body;
  if (!response.stream) return out;
  bool more = true;
  while (more) {
    std::string piece;
    more = response.stream(&piece);
    out += piece;
  }
  return out;
}

}  // namespace outrider
