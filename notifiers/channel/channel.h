// SPDX-License-Identifier: Apache-2.0
// A channel tells one target about a group of alerts or an incident. One channel is one file and
// one row of table.cc.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "notifiers/config/alertmanager_config.h"
#include "notifiers/route/packed_alert.h"
#include "notifiers/transport/http_client.h"
#include "notifiers/transport/smtp_client.h"
#include "rules/alerting/alert.h"
#include "rules/template/template.h"
#include "storage/base/clock.h"
#include "storage/base/status.h"

namespace outrider {

// What a person may answer to a page from the message itself.
struct NotificationAction {
  std::string name;   // acknowledge, resolve, escalate
  std::string label;  // for people: "Acknowledge"
  std::string url;    // signed and expiring; opens a page that asks before it acts; "" : no links
  std::string token;  // short, for buttons that call back (at most 54 characters); "" : none
};

// What a message says, already decided: rendered by the channel at the moment of sending.
struct Notification {
  std::string idempotency_key;  // the same for every attempt of one message
  bool repeat =
      false;  // sent again after a crash in mid-sending: channels that cannot de-duplicate say so
  std::string receiver;
  std::string group_key;
  std::string reason;         // notification_reason
  bool resolved = false;      // all alerts resolved
  std::vector<Alert> alerts;  // sorted by job, instance, labels; firing ones have ends_at unset
  // The same as they stand in memory, until ArrangeAlerts; then of channels that read them so.
  std::vector<PackedAlert> packed;
  Labels group_labels;
  std::map<std::string, std::string> route_labels;  // of the receiver and the route, rendered
  // What the channel said of its last message of this group (SendResult::receiver_data), "" when
  // there is none: a Slack message's place, so that it can be updated.
  std::string receiver_data;
  Nanos deadline = 0;    // the attempt ends by then; 0: by the channel's own timeout alone
  std::stop_token stop;  // asked to end when the process stops
  std::string external_url;
  Nanos now = 0;            // when it was decided; alerts are judged resolved at this time
  std::string incident_id;  // pages of an escalation, else ""
  std::vector<NotificationAction> actions;  // of pages that may be answered
  size_t answers_for = 1;                   // incidents that an answer is for
  std::string title;  // of reports, in place of the subject made of the alerts
  std::string
      note;  // e.g. "incident resolved by anna", "not recorded: the state store is full", or ""
};

struct SendResult {
  enum class Outcome { kDelivered, kRetry, kRejected };
  Outcome outcome = Outcome::kDelivered;
  int64_t retry_after_ms = 0;  // kRetry: as told by Retry-After, 0 when not told
  std::string reason;          // for people: "HTTP 503: upstream down"; never holds a secret
  std::string reason_code;     // other, clientError, serverError, authError, rateLimited,
                               // contextDeadlineExceeded
  int status = 0;              // of the answer, in the protocol's own numbers (HTTP, SMTP); 0: none
  std::string answer;          // begin of the answer's text, at most 256 bytes; no secret
  std::string receiver_data;   // kDelivered: kept with the notification log for the next one
  bool given_up = false;       // kRejected: after the last of several attempts, none answered
  static SendResult Delivered() { return {}; }
  static SendResult Retry(std::string reason, std::string code, int64_t after_ms = 0) {
    return {Outcome::kRetry, after_ms, std::move(reason), std::move(code), 0, {}, {}};
  }
  static SendResult Rejected(std::string reason, std::string code) {
    return {Outcome::kRejected, 0, std::move(reason), std::move(code), 0, {}, {}};
  }
};

// Thread-safe: Send may run for several messages at once.
class Channel {
 public:
  virtual ~Channel() = default;
  virtual SendResult Send(const Notification& notification) = 0;
  // Whether the far side drops a repeat with the same idempotency key (core.md rule 5).
  virtual bool Idempotent() const = 0;
  // Whether it takes alerts packed where they come so; else they are unpacked for it.
  virtual bool ReadsPacked() const { return false; }
};

// Puts packed alerts in their order and, unless `stay_packed`, unpacks them. Done in the thread
// that sends: whoever claims a message holds up everybody else.
void ArrangeAlerts(bool stay_packed, Notification* notification);

// What a channel may use. All outlive the channels.
struct ChannelTools {
  HttpClient& http;
  SmtpClient& smtp;
  const tmpl::TemplateSet& templates;
  const Clock& clock;
  // For servers that came by the API (IntegrationConfig::own_server); nullptr: the ones above.
  HttpClient* guarded_http = nullptr;
  SmtpClient* guarded_smtp = nullptr;
};

// A built integration of a receiver.
struct Integration {
  std::string kind;
  int index = 0;
  bool send_resolved = true;
  bool from_api = false;  // a webhook made by the API, not by a file
  std::unique_ptr<Channel> channel;
};

// Builds one integration from its section (strictly parsed; `config.global` gives defaults). An
// unknown kind is an error that lists the known ones. With tools == nullptr the section is checked
// and no channel is built.
StatusOr<Integration> MakeIntegration(const IntegrationConfig& section,
                                      const AlertmanagerConfig& config, const ChannelTools* tools);
// The channel kinds there are, sorted.
std::vector<std::string> ChannelKinds();

}  // namespace outrider
