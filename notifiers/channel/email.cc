// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/email.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "notifiers/channel/email_settings.h"
#include "notifiers/channel/http_outcome.h"
#include "notifiers/channel/http_settings.h"
#include "notifiers/channel/message_renderer.h"
#include "notifiers/channel/mime.h"
#include "notifiers/channel/notification_data.h"
#include "notifiers/channel/recipients.h"
#include "rules/template/time_format.h"
#include "storage/base/crypto.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kIdDigits = 32;
constexpr size_t kAnswerRunes = 60;  // at most 240 bytes
constexpr size_t kThreadDigits = 16;
constexpr std::string_view kNotDelivered = "not delivered to ";

using MailHeaders = std::vector<std::pair<std::string, std::string>>;

bool Has(const MailHeaders& headers, std::string_view lower_case_name) {
  return std::ranges::any_of(
      headers, [&](const auto& header) { return ToLower(header.first) == lower_case_name; });
}

// Of the body, which is ours.
bool IsOfBody(const std::string& name) {
  const std::string lower = ToLower(name);
  return lower == "content-type" || lower == "content-transfer-encoding" || lower == "mime-version";
}

std::string Id(std::string_view kind, std::string_view text) {
  return Sha256Hex(fmt::format("{}\n{}", kind, text)).substr(0, kIdDigits);
}

std::string Redact(std::string text, const MailRequest& request) {
  return Redacted(Redacted(std::move(text), request.password), request.secret);
}

SendResult Outcome(const MailResult& mail, const MailRequest& request) {
  if (mail.delivered) return SendResult::Delivered();
  if (mail.forbidden) return SendResult::Rejected(mail.error, "other");
  std::string reason = Redact(mail.error, request);
  if (mail.code != 0 && reason.find(std::to_string(mail.code)) == std::string::npos) {
    reason = fmt::format("SMTP {}: {}", mail.code, reason);
  }
  if (mail.unknown) {
    return SendResult::Retry(reason + " (it may have arrived; a repeat has the same Message-ID)",
                             "other");
  }
  // 530, 534, 535 and 538 speak of authentication.
  const bool auth = mail.code == 530 || mail.code == 534 || mail.code == 535 || mail.code == 538;
  // A password may just be changing, here or there.
  if (auth) return SendResult::Retry(reason, "authError");
  if (mail.code >= 500) return SendResult::Rejected(reason, "clientError");
  return SendResult::Retry(reason, mail.code >= 400 ? "serverError" : "other");
}

// Where the text of a page begins: behind `<body …>`, where a phone shows it first. A template may
// have no such tag.
size_t BodyBegin(const std::string& html) {
  const std::string lower = ToLower(html);
  const size_t body = lower.find("<body");
  if (body == std::string::npos) return std::min(lower.rfind("</html"), html.size());
  char quote = '\0';  // within a value a `>` ends nothing
  for (size_t at = body; at < html.size(); ++at) {
    const char c = html[at];
    if (quote != '\0') {
      if (c == quote) quote = '\0';
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '>') {
      return at + 1;
    }
  }
  return html.size();
}

// A mail as it is to go out now.
struct BuiltMail {
  MailRequest request;                  // to those who are still open
  std::vector<std::string> unreadable;  // parts of `to` that are no addresses
};

class EmailChannel final : public Channel {
 public:
  EmailChannel(EmailSettings settings, const ChannelTools& tools)
      : settings_(std::move(settings)), tools_(tools) {}

  SendResult Send(const Notification& notification) override {
    const StatusOr<BuiltMail> built = Build(notification);
    if (!built.ok()) return NotSendable(built.status());
    const std::string& key = notification.idempotency_key;
    // All were settled by an attempt whose outcome the caller never recorded.
    if (built->request.to.empty()) return SendResult::Delivered();
    const MailResult mail = tools_.smtp.Send(built->request);
    SendResult result = Judge(key, *built, mail);
    // Whoever has it from an earlier attempt was told.
    if (result.outcome == SendResult::Outcome::kRejected && recipients_.AnyTaken(key)) {
      std::string reason = std::move(result.reason);
      if (!reason.starts_with(kNotDelivered)) {
        reason = fmt::format("{}{} ({})", kNotDelivered, Join(built->request.to, ", "), reason);
      }
      result = SendResult::Delivered();
      result.reason = std::move(reason);
    }
    result.status = mail.code;
    result.answer = RunePrefix(Redact(mail.error, built->request), kAnswerRunes);
    if (result.outcome != SendResult::Outcome::kRetry) recipients_.Forget(key);
    return result;
  }
  // The Message-ID is the key: mail systems drop or fold a second mail with the same one.
  bool Idempotent() const override { return true; }

 private:
  // Whoever was refused for good is out; whoever has the mail does not get it again; the rest, if
  // any, waits for the next attempt.
  SendResult Judge(const std::string& key, const BuiltMail& built, const MailResult& mail) {
    std::vector<std::string> settled;
    std::string report;
    const auto tell = [&](const std::string& text) {
      report += (report.empty() ? std::string(kNotDelivered) : ", ") + text;
    };
    for (const std::string& text : built.unreadable) tell(text + " (no address)");
    for (const std::string& text : recipients_.Refused(key)) tell(text);
    std::vector<std::string> refused;
    bool later = false;
    size_t for_good = 0;
    std::vector<std::string> taken = built.request.to;
    for (const RefusedRecipient& one : mail.refused) {
      std::erase(taken, one.address);
      const std::string text = fmt::format("{} (SMTP {}: {})", one.address, one.code, one.text);
      tell(text);
      later = later || one.code < 500;
      if (one.code >= 500) {
        settled.push_back(one.address);
        refused.push_back(text);
        ++for_good;
      }
    }
    recipients_.Settle(key, settled, false);
    recipients_.Remember(key, refused);
    if (mail.delivered) recipients_.Settle(key, taken, true);
    report = Redact(std::move(report), built.request);
    if (mail.delivered && later) return SendResult::Retry(report, "serverError");
    if (mail.delivered) {
      SendResult delivered = SendResult::Delivered();
      delivered.reason = report;
      return delivered;
    }
    if (taken.empty() && !mail.refused.empty()) {
      const bool all = for_good == mail.refused.size();
      return all ? SendResult::Rejected(report, "clientError")
                 : SendResult::Retry(report, "serverError");
    }
    return Outcome(mail, built.request);
  }

  StatusOr<BuiltMail> Build(const Notification& notification) const {
    const tmpl::Value data = NotificationData(notification);
    const tmpl::TemplateSet& templates = tools_.templates;
    BuiltMail built;
    const auto from = ParseMailAddresses(TRY(templates.ExecuteText(settings_.from, data)));
    if (!from.ok()) return Annotate(from.status(), "parse 'from' addresses");
    if (from->size() != 1) return InvalidArgument("must be exactly one 'from' address");
    const auto to =
        ParseMailAddresses(TRY(templates.ExecuteText(settings_.to, data)), &built.unreadable);
    if (!to.ok()) return Annotate(to.status(), "parse 'to' addresses");
    std::vector<std::string> all;
    for (const MailAddress& address : *to) all.push_back(address.address);
    MailRequest& request = built.request;
    request.from = from->front().address;
    request.to = recipients_.Open(notification.idempotency_key, all);
    request.smarthost = settings_.smarthost;
    request.hello = settings_.hello;
    request.require_tls = settings_.require_tls;
    request.implicit_tls = settings_.implicit_tls;
    request.tls = settings_.tls;
    request.username = settings_.username;
    request.identity = settings_.identity;
    request.password = TRY(settings_.password.Read());
    request.secret = TRY(settings_.secret.Read());
    request.stop = notification.stop;
    request.timeout = TimeForAttempt(notification, tools_.clock, 0);
    request.message = TRY(Mail(notification, data, request.from));
    return built;
  }

  // The reference that mails of one group share. With `threading` it is Alertmanager's, so that a
  // thread goes on when one takes the other's place.
  std::string ThreadId(const Notification& notification, const std::string& domain) const {
    if (!settings_.threading) {
      const std::string& thread =
          notification.incident_id.empty() ? notification.group_key : notification.incident_id;
      return fmt::format("<{}@{}>", Id("thread", thread), domain);
    }
    const std::string day =
        settings_.thread_by_day ? tmpl::FormatTime({notification.now, 0, ""}, "2006-01-02") : "";
    return fmt::format("<alert-{}-{}@alertmanager>",
                       Sha256Hex(notification.group_key).substr(0, kThreadDigits), day);
  }

  // The section's own, then what it has not.
  StatusOr<MailHeaders> Headers(const Notification& notification, const tmpl::Value& data,
                                const std::string& from) const {
    MailHeaders headers;
    for (const auto& [name, text] : settings_.headers) {
      if (IsOfBody(name)) continue;
      const std::string value = TRY(tools_.templates.ExecuteText(text, data));
      // Names in address headers are encoded one by one: an encoded address would not be one.
      const auto addresses = ParseMailAddresses(value);
      const bool address_header =
          name == "To" || name == "From" || name == "Cc" || name == "Reply-To";
      headers.emplace_back(name, address_header && addresses.ok() ? FormatMailAddresses(*addresses)
                                                                  : EncodeHeader(value));
    }
    const auto add = [&headers](std::string name, std::string value) {
      if (!Has(headers, ToLower(name))) headers.emplace_back(std::move(name), std::move(value));
    };
    const std::string domain = from.substr(from.rfind('@') + 1);
    add("Message-Id", fmt::format("<{}@{}>", Id("message", notification.idempotency_key), domain));
    const std::string thread = ThreadId(notification, domain);
    add("References", thread);
    if (settings_.threading) add("In-Reply-To", thread);
    add("Date", tmpl::FormatTime({notification.now, 0, ""}, "Mon, 02 Jan 2006 15:04:05 -0700"));
    add("Auto-Submitted", "auto-generated");
    return headers;
  }

  StatusOr<std::string> Mail(const Notification& notification, const tmpl::Value& data,
                             const std::string& from) const {
    const tmpl::TemplateSet& templates = tools_.templates;
    const MailHeaders headers = TRY(Headers(notification, data, from));
    std::vector<MailPart> parts;
    if (!settings_.text.empty()) {
      std::string text = TRY(templates.ExecuteText(settings_.text, data));
      if (!notification.note.empty()) text += "\n\n" + notification.note + "\n";
      const std::string links = AnswerLinks(notification, LinkStyle::kPlain);
      if (!links.empty()) text += "\n" + links + "\n";
      parts.push_back({"text/plain; charset=UTF-8", std::move(text)});
    }
    if (!settings_.html.empty()) {
      std::string html = TRY(templates.ExecuteHtml(settings_.html, data));
      // Templates written for Alertmanager know no note.
      const std::string note = EscapeHtml(notification.note);
      std::string first;
      if (html.find(note) == std::string::npos) first += "<p>" + note + "</p>\n";
      const std::string links = AnswerLinks(notification, LinkStyle::kHtml);
      if (!links.empty()) first += "<p>" + links + "</p>\n";
      html.insert(BodyBegin(html), first);
      parts.push_back({"text/html; charset=UTF-8", std::move(html)});
    }
    return FormatMail(headers, parts, Id("boundary", notification.idempotency_key));
  }

  const EmailSettings settings_;
  const ChannelTools tools_;
  Recipients recipients_;
};

}  // namespace

StatusOr<std::unique_ptr<Channel>> MakeEmailChannel(const YamlNode& section,
                                                    const AlertmanagerConfig& config,
                                                    const ChannelTools* tools) {
  EmailSettings settings = TRY(ReadEmailSettings(section, config));
  std::unique_ptr<Channel> channel;
  if (tools == nullptr) return channel;
  return std::unique_ptr<Channel>(std::make_unique<EmailChannel>(std::move(settings), *tools));
}

}  // namespace outrider
