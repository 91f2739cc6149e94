// SPDX-License-Identifier: Apache-2.0
// What channels over HTTP share: an attempt renders, calls and judges; the base class turns what
// comes of it into a SendResult that holds no secret. Every request carries Idempotency-Key, the
// notification's stop token and at most the time that is left. Source: specs/alertmanager.md §2
// "Retry"; specs/incidents_oncall_slo.md §3.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "notifiers/channel/channel.h"
#include "notifiers/channel/http_settings.h"
#include "notifiers/channel/message_renderer.h"
#include "notifiers/channel/section_texts.h"
#include "storage/base/json.h"

namespace outrider {

// What a channel is built from.
struct HttpChannelParts {
  ChannelTools tools;
  HttpSettings http;
  DurationMs timeout = 0;  // 0: the default
};

// One attempt to send one message.
class HttpAttempt {
 public:
  // `idempotent`: the far side knows the Idempotency-Key, so that a kept connection may be used.
  HttpAttempt(const HttpChannelParts& parts, const Notification& notification, bool idempotent);

  const Notification& notification() const { return notification_; }
  const ChannelTools& tools() const { return parts_.tools; }
  bool firing() const { return firing_; }
  // Identifies the group towards services that de-duplicate: sha256 of the group key in hex.
  std::string GroupHash() const;

  std::string Text(std::string_view text) { return renderer_.Text(text); }
  std::string Html(std::string_view text) { return renderer_.Html(text); }
  MessageRenderer& renderer() { return renderer_; }
  // As if a template had failed: nothing will be sent.
  void Fail(const Status& status) { renderer_.Fail(status); }
  // Reads a secret; neither reasons nor answers will show it. Unavailable when its file is not
  // there.
  StatusOr<std::string> Reveal(const Secret& secret);
  void Hide(std::string text) { hidden_.push_back(std::move(text)); }

  // A request with the settings and the given body; content_type may be empty.
  StatusOr<HttpClientRequest> Request(std::string method, std::string url,
                                      std::string_view content_type, std::string body) const;
  // Refuses when a template has failed. Outcome as http_outcome.h has it; the answer is kept.
  // Where an attempt takes several calls, `suffix` gives each an Idempotency-Key of its own.
  StatusOr<SendResult> Call(HttpClientRequest request, std::string_view suffix = "");
  StatusOr<SendResult> PostJson(std::string url, std::string body);

  // The answer to the last call; status 0 when there was none.
  const HttpClientResponse& answer() const { return answer_; }
  // The last answer's body as JSON, null when it is not.
  JsonValue AnswerJson() const;
  // Milliseconds, from the last answer's Retry-After; 0 when not told.
  int64_t RetryAfter() const;
  // A result told by the last answer's body, with its status and text.
  SendResult Judged(SendResult result) const;
  // Takes everything hidden out of the result's texts.
  SendResult Scrubbed(SendResult result) const;

 private:
  const HttpChannelParts& parts_;
  const Notification& notification_;
  const bool idempotent_;
  MessageRenderer renderer_;
  const bool firing_;
  std::vector<std::string> hidden_;
  HttpClientResponse answer_;
  std::string answer_text_;
};

class HttpChannel : public Channel {
 public:
  explicit HttpChannel(HttpChannelParts parts) : parts_(std::move(parts)) {}
  SendResult Send(const Notification& notification) final;

 private:
  // An error means that nothing more was sent: see NotSendable.
  virtual StatusOr<SendResult> Try(HttpAttempt& attempt) = 0;

  const HttpChannelParts parts_;
};

// The parts of a section with an http_config and perhaps `timeout`.
StatusOr<HttpChannelParts> ReadHttpParts(const YamlNode& section, const AlertmanagerConfig& config,
                                         const ChannelTools& tools);

// Makes a channel of class C(parts, settings) from a section: its http_config is read and checked;
// without tools nothing is built.
template <typename C, typename Settings>
StatusOr<std::unique_ptr<Channel>> MakeHttpChannel(const YamlNode& section,
                                                   const AlertmanagerConfig& config,
                                                   const ChannelTools* tools, Settings settings) {
  std::unique_ptr<Channel> channel;
  if (tools == nullptr) {
    TRY(ReadHttpSettings(section, config).status());
    return channel;
  }
  channel = std::make_unique<C>(TRY(ReadHttpParts(section, config, *tools)), std::move(settings));
  return channel;
}

// A wait that an answer's body told, in milliseconds: none below zero, at most an hour.
int64_t CappedWait(double milliseconds);

// A key and its text, left out when empty (Go's omitempty).
void AddText(JsonWriter* json, std::string_view key, std::string_view text);

// The path joined to a base URL, before its query, with exactly one slash between.
std::string JoinUrl(const std::string& base, std::string_view path);
// A text as part of a path: each of its segments escaped, slashes kept.
std::string EscapedPath(std::string_view text);
// `name=value` with both escaped, added to a URL's query.
std::string WithQuery(std::string url, std::string_view name, std::string_view value);
// A form body or query: pairs in the given order, escaped as Go's url.Values does.
std::string FormEncode(const std::vector<std::pair<std::string, std::string>>& pairs);

}  // namespace outrider
