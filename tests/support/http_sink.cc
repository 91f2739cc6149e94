// SPDX-License-Identifier: Apache-2.0
#include "tests/support/http_sink.h"

#include <fmt/format.h>

#include <chrono>
#include <optional>

#include "storage/base/text.h"

namespace outrider {
namespace {

std::optional<HttpSinkRequest> ReadRequest(LoopbackConnection& connection) {
  std::string line;
  if (!connection.ReadLine(&line)) return std::nullopt;
  const auto parts = Split(line, ' ');
  if (parts.size() != 3) return std::nullopt;
  HttpSinkRequest request{std::string(parts[0]), std::string(parts[1]), {}, ""};
  while (connection.ReadLine(&line) && !line.empty()) {
    const size_t colon = line.find(':');
    if (colon == std::string::npos) return std::nullopt;
    request.headers[ToLower(line.substr(0, colon))] = std::string(Trim(line.substr(colon + 1)));
  }
  const auto length = ParseInt(request.headers["content-length"]);
  if (length.ok() && !connection.ReadBytes(static_cast<size_t>(*length), &request.body)) {
    return std::nullopt;
  }
  return request;
}

std::string Head(const HttpSinkReply& reply) {
  std::string head = fmt::format("HTTP/1.1 {} Scripted\r\nContent-Length: {}\r\n", reply.status,
                                 reply.body.size());
  for (const auto& [name, value] : reply.headers) head += fmt::format("{}: {}\r\n", name, value);
  return head + "\r\n";
}

}  // namespace

HttpSink::HttpSink() : server_([this](LoopbackConnection& connection) { Serve(connection); }) {}

std::string HttpSink::Url(const std::string& path) const {
  return fmt::format("http://127.0.0.1:{}{}", port(), path);
}

void HttpSink::Script(std::vector<HttpSinkReply> replies) {
  const std::lock_guard lock(mutex_);
  script_.assign(replies.begin(), replies.end());
}

void HttpSink::SetDefault(HttpSinkReply reply) {
  const std::lock_guard lock(mutex_);
  default_ = std::move(reply);
}

std::vector<HttpSinkRequest> HttpSink::Requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

bool HttpSink::WaitForRequests(size_t count, int timeout_ms) const {
  std::unique_lock lock(mutex_);
  return came_.wait_for(lock, std::chrono::milliseconds(timeout_ms),
                        [&] { return requests_.size() >= count; });
}

HttpSinkReply HttpSink::Record(HttpSinkRequest request) {
  const std::lock_guard lock(mutex_);
  requests_.push_back(std::move(request));
  came_.notify_all();
  if (script_.empty()) return default_;
  HttpSinkReply reply = std::move(script_.front());
  script_.pop_front();
  return reply;
}

void HttpSink::Serve(LoopbackConnection& connection) {
  while (auto request = ReadRequest(connection)) {
    const HttpSinkReply reply = Record(*std::move(request));
    using Mode = HttpSinkReply::Mode;
    switch (reply.mode) {
      case Mode::kAnswer:
        if (!connection.Write(Head(reply) + reply.body)) return;
        break;
      case Mode::kCloseUnanswered:
        return;
      case Mode::kCloseMidBody:
        connection.Write(Head(reply) + reply.body.substr(0, reply.body.size() / 2));
        return;
      case Mode::kHang:
        connection.WaitForClose();
        return;
    }
  }
}

}  // namespace outrider
