// SPDX-License-Identifier: Apache-2.0
#include "notifiers/outbox/outbox_row.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "storage/base/hash.h"
#include "storage/state/number_rows.h"
#include "storage/state/row_codec.h"

namespace outrider {
namespace {

constexpr uint8_t kFormat = 1;
constexpr uint8_t kReportFormat = 2;    // with what it says; reports
constexpr uint8_t kDivertedFormat = 3;  // and with `diverted`; fallbacks and what has one
constexpr uint8_t kForcedFormat = 4;    // and with `forced`; those that are
constexpr std::array<std::string_view, 5> kKinds = {"route", "page", "recovery", "report",
                                                    "fallback"};
constexpr std::array<std::string_view, 8> kOutcomes = {
    "delivered", "rejected", "expired", "unknown", "superseded", "stale", "gone", "shadow"};

// Rows that older versions knew stay as these wrote them.
uint8_t FormatOf(const OutboxRow& row) {
  if (row.forced) return kForcedFormat;
  if (row.diverted || row.kind == OutboxKind::kFallback) return kDivertedFormat;
  return row.kind == OutboxKind::kReport ? kReportFormat : kFormat;
}

struct Backoff {
  double first_ms;
  double factor;
  double spread;  // ± this share
};
constexpr Backoff kRouteBackoff = {500, 1.5, 0.5};
constexpr Backoff kPageBackoff = {1000, 2, 0};
constexpr double kBackoffCapMs = 60'000;

// 128 bits of the parts, each ended by a byte that no part holds.
std::string Digest(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) {
    text += part;
    text.push_back('\0');
  }
  const Hash128 hash = HashBytes128(text);
  return fmt::format("{:016x}{:016x}", hash.high, hash.low);
}

}  // namespace

std::string_view OutboxKindText(OutboxKind kind) { return kKinds[static_cast<size_t>(kind)]; }
std::string_view OutboxOutcomeText(OutboxOutcome outcome) {
  return kOutcomes[static_cast<size_t>(outcome)];
}

std::string EncodeOutboxRow(const OutboxRow& row) {
  const uint8_t format = FormatOf(row);
  RowWriter out(format);
  out.Text(row.id)
      .Enum(row.kind)
      .Enum(row.state)
      .Text(row.receiver)
      .Text(row.integration)
      .Text(row.reason)
      .I64(row.created_at)
      .I64(row.due)
      .I64(row.deadline)
      .I64(row.attempt)
      .I64(row.sent_at)
      .I64(row.lease_until)
      .Bool(row.repeat)
      .Bool(row.unknown)
      .Bool(row.recorded)
      .Text(row.last_error)
      .Text(row.group_id)
      .U64(row.flush);
  WriteNumbers(row.firing, &out);
  WriteNumbers(row.resolved, &out);
  out.Text(row.incident_id).U64(row.epoch).I64(row.loop).I64(row.tier);
  if (format >= kReportFormat) out.Text(row.title).Text(row.text).Texts(row.labels);
  if (format >= kDivertedFormat) out.Bool(row.diverted).Enum(row.stands_for);
  if (format >= kForcedFormat) out.Bool(row.forced);
  return out.Take();
}

StatusOr<OutboxRow> DecodeOutboxRow(std::string_view bytes) {
  RowReader in(bytes, kForcedFormat, "an outbox message");
  OutboxRow row;
  row.id = in.Text();
  row.kind = in.Enum(OutboxKind::kFallback);
  row.state = in.Enum(OutboxState::kSending);
  row.receiver = in.Text();
  row.integration = in.Text();
  row.reason = in.Text();
  row.created_at = in.I64();
  row.due = in.I64();
  row.deadline = in.I64();
  row.attempt = static_cast<int>(in.I64());
  row.sent_at = in.I64();
  row.lease_until = in.I64();
  row.repeat = in.Bool();
  row.unknown = in.Bool();
  row.recorded = in.Bool();
  row.last_error = in.Text();
  row.group_id = in.Text();
  row.flush = in.U64();
  row.firing = ReadNumbers(&in);
  row.resolved = ReadNumbers(&in);
  row.incident_id = in.Text();
  row.epoch = static_cast<uint32_t>(in.U64());
  row.loop = static_cast<int>(in.I64());
  row.tier = static_cast<int>(in.I64());
  if (in.format() >= kReportFormat) {
    row.title = in.Text();
    row.text = in.Text();
    row.labels = in.Texts();
  }
  if (in.format() >= kDivertedFormat) {
    row.diverted = in.Bool();
    row.stands_for = in.Enum(OutboxKind::kFallback);
  }
  if (in.format() >= kForcedFormat) row.forced = in.Bool();
  TRY(in.Finish());
  return row;
}

std::string RouteKey(std::string_view group_key, std::string_view receiver,
                     std::string_view integration, Nanos born, uint64_t flush) {
  return "g" +
         Digest({group_key, receiver, integration, std::to_string(born), std::to_string(flush)});
}

std::string PageKey(std::string_view incident_id, const PageStep& step, std::string_view receiver,
                    std::string_view integration) {
  std::string tier = std::to_string(step.tier);
  if (step.naming != 0) tier += fmt::format(".{}", step.naming);
  return (step.recovery ? "r" : "p") +
         Digest({incident_id, std::to_string(step.epoch), std::to_string(step.loop), tier, receiver,
                 integration});
}

std::string ReportKey(std::string_view report_id, std::string_view receiver,
                      std::string_view integration) {
  return "s" + Digest({report_id, receiver, integration});
}

std::string FallbackKey(std::string_view row_id, std::string_view receiver,
                        std::string_view integration) {
  return "f" + Digest({row_id, receiver, integration});
}

DurationMs BackoffMs(OutboxKind kind, int attempt, double unit) {
  const Backoff& backoff = kind == OutboxKind::kRoute ? kRouteBackoff : kPageBackoff;
  const double steps = std::min(std::max(attempt - 1, 0), 64);
  const double base = std::min(backoff.first_ms * std::pow(backoff.factor, steps), kBackoffCapMs);
  return static_cast<DurationMs>(base * (1 + backoff.spread * (2 * unit - 1)));
}

}  // namespace outrider
