// SPDX-License-Identifier: Apache-2.0
// A new field goes to the end of a new format.
#include "notifiers/desk/paging_records.h"

#include <array>
#include <initializer_list>
#include <utility>

#include "storage/state/row_codec.h"

namespace outrider {
namespace {

// 2: ContactStep::naming, asked_for of verifications; 3: ContactLoad::bundle, ContactStep::reached
constexpr uint8_t kFormat = 3;
constexpr std::array<std::string_view, 7> kWords = {"turn",    "rule",   "told",  "contact",
                                                    "account", "verify", "bundle"};

std::string Key(std::string_view word, std::initializer_list<std::string_view> parts) {
  std::string key(word);
  for (const std::string_view part : parts) {
    key.push_back('\0');
    key += part;
  }
  return key;
}

void WriteTimes(const std::vector<Nanos>& times, RowWriter* out) {
  out->U64(times.size());
  for (const Nanos time : times) out->I64(time);
}

std::vector<Nanos> ReadTimes(RowReader* in) {
  std::vector<Nanos> times;
  for (uint64_t i = in->Count(); i > 0; --i) times.push_back(in->I64());
  return times;
}

void WriteTexts(const std::set<std::string>& texts, RowWriter* out) {
  out->U64(texts.size());
  for (const std::string& text : texts) out->Text(text);
}

struct Writer {
  RowWriter* out;
  void operator()(const RoundRobinTurn& turn) const { out->Text(turn.last); }
  void operator()(const ContactSteps& steps) const {
    out->U64(steps.steps.size());
    for (const ContactStep& step : steps.steps) {
      out->I64(step.due).Text(step.user).U64(step.epoch).I64(step.loop).I64(step.tier);
      out->Text(step.integration).I64(step.naming).Bool(step.reached);
    }
  }
  void operator()(const RoundTold& told) const {
    out->U64(told.epoch).I64(told.loop).U64(told.tiers.size());
    for (const int tier : told.tiers) out->I64(tier);
  }
  void operator()(const ContactLoad& load) const {
    WriteTimes(load.sent, out);
    out->I64(load.window_since);
    WriteTexts(load.incidents, out);
    out->Text(load.carrier);
    WriteTexts(load.bundled, out);
    WriteTexts(load.waiting, out);
    out->Text(load.bundle);
  }
  void operator()(const AccountLoad& load) const { WriteTimes(load.sent, out); }
  void operator()(const ContactVerification& check) const {
    out->Text(check.code_hash)
        .Text(check.salt)
        .I64(check.expires_at)
        .I64(check.tries)
        .I64(check.verified_at)
        .U64(check.verified_for)
        .I64(check.asked_at)
        .U64(check.asked_for);
  }
  void operator()(const AnswerBundle& bundle) const {
    out->I64(bundle.expires_at).U64(bundle.parts.size());
    for (const AnswerBundle::Part& part : bundle.parts) {
      out->Text(part.incident_id);
      WriteStep(part.step, out);
    }
  }
};

ContactSteps ReadSteps(RowReader* in) {
  ContactSteps steps;
  for (uint64_t i = in->Count(); i > 0; --i) {
    ContactStep step;
    step.due = in->I64();
    step.user = in->Text();
    step.epoch = static_cast<uint32_t>(in->U64());
    step.loop = static_cast<int>(in->I64());
    step.tier = static_cast<int>(in->I64());
    step.integration = in->Text();
    if (in->format() >= 2) step.naming = static_cast<int>(in->I64());
    if (in->format() >= 3) step.reached = in->Bool();
    steps.steps.push_back(std::move(step));
  }
  return steps;
}

RoundTold ReadTold(RowReader* in) {
  RoundTold told;
  told.epoch = static_cast<uint32_t>(in->U64());
  told.loop = static_cast<int>(in->I64());
  for (uint64_t i = in->Count(); i > 0; --i) told.tiers.insert(static_cast<int>(in->I64()));
  return told;
}

ContactLoad ReadLoad(RowReader* in) {
  ContactLoad load;
  load.sent = ReadTimes(in);
  load.window_since = in->I64();
  for (uint64_t i = in->Count(); i > 0; --i) load.incidents.insert(in->Text());
  load.carrier = in->Text();
  for (uint64_t i = in->Count(); i > 0; --i) load.bundled.insert(in->Text());
  for (uint64_t i = in->Count(); i > 0; --i) load.waiting.insert(in->Text());
  if (in->format() >= 3) load.bundle = in->Text();
  return load;
}

ContactVerification ReadVerification(RowReader* in) {
  ContactVerification check;
  check.code_hash = in->Text();
  check.salt = in->Text();
  check.expires_at = in->I64();
  check.tries = static_cast<int>(in->I64());
  check.verified_at = in->I64();
  check.verified_for = in->U64();
  check.asked_at = in->I64();
  if (in->format() >= 2) check.asked_for = in->U64();
  return check;
}

AnswerBundle ReadBundle(RowReader* in) {
  AnswerBundle bundle;
  bundle.expires_at = in->I64();
  for (uint64_t i = in->Count(); i > 0; --i) {
    AnswerBundle::Part& part = bundle.parts.emplace_back();
    part.incident_id = in->Text();
    part.step = ReadStep(in);
  }
  return bundle;
}

PagingRecord ReadRecord(uint64_t kind, RowReader* in) {
  switch (kind) {
    case 0:
      return RoundRobinTurn{in->Text()};
    case 1:
      return ReadSteps(in);
    case 2:
      return ReadTold(in);
    case 3:
      return ReadLoad(in);
    case 4:
      return AccountLoad{ReadTimes(in)};
    case 5:
      return ReadVerification(in);
    case 6:
      return ReadBundle(in);
    default:
      in->Fail();
      return RoundRobinTurn{};
  }
}

}  // namespace

std::string TurnKey(std::string_view policy, int tier) {
  return Key("turn", {policy, std::to_string(tier)});
}
std::string ContactStepsKey(std::string_view incident) { return Key("rule", {incident}); }
std::string RoundToldKey(std::string_view incident) { return Key("told", {incident}); }
std::string ContactLoadKey(std::string_view receiver, std::string_view integration) {
  return Key("contact", {receiver, integration});
}
std::string AccountLoadKey(std::string_view account) { return Key("account", {account}); }
std::string VerificationKey(std::string_view receiver, std::string_view integration) {
  return Key("verify", {receiver, integration});
}
std::string AnswerBundleKey(std::string_view id) { return Key("bundle", {id}); }

std::string ContactRuleId(std::string_view incident, std::string_view user) {
  return Key(incident, {user});
}

std::pair<std::string, std::string> SplitPair(std::string_view id) {
  const size_t zero = id.find('\0');
  if (zero == std::string_view::npos) return {};
  return {std::string(id.substr(0, zero)), std::string(id.substr(zero + 1))};
}

std::string EncodePagingRecord(const PagingRecord& record) {
  RowWriter out(kFormat);
  out.U64(record.index());
  std::visit(Writer{&out}, record);
  return out.Take();
}

StatusOr<PagingRecord> DecodePagingRecord(std::string_view bytes) {
  RowReader in(bytes, kFormat, "a paging record");
  PagingRecord record = ReadRecord(in.U64(), &in);
  TRY(in.Finish());
  return record;
}

bool IsPagingKey(std::string_view key) {
  for (const std::string_view word : kWords) {
    if (key.size() > word.size() && key.starts_with(word) && key[word.size()] == '\0') return true;
  }
  return false;
}

}  // namespace outrider
