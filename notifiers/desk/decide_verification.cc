// SPDX-License-Identifier: Apache-2.0
#include "notifiers/desk/decide_verification.h"

#include <fmt/format.h>

#include <algorithm>

#include "notifiers/config/paging_config.h"
#include "notifiers/config/people_config.h"
#include "notifiers/desk/decide_oncall_checks.h"
#include "notifiers/desk/decide_overlays.h"
#include "notifiers/desk/paging_records.h"
#include "storage/base/crypto.h"
#include "storage/base/duration.h"

namespace outrider {
namespace {

constexpr int64_t kNextCode = 60 * kNanosPerSecond;

std::string ReceiverOf(const std::string& user) { return fmt::format("{}{}", kUserPrefix, user); }

// Of the section as it is now; 0 where it is not known.
uint64_t DigestOf(const Plan& plan, const std::string& receiver, const std::string& integration) {
  if (!receiver.starts_with(kUserPrefix)) return 0;
  const UserPaging* user =
      plan.people().FindUser(std::string_view(receiver).substr(kUserPrefix.size()));
  if (user == nullptr) return 0;
  const auto contact = user->contacts.find(integration);
  return contact == user->contacts.end() ? 0 : contact->second.digest;
}

const ContactVerification* AsVerification(const PagingRecord* record) {
  return record == nullptr ? nullptr : std::get_if<ContactVerification>(record);
}

StatusOr<const Integration*> FindContact(const Plan& plan, const std::string& user,
                                         const std::string& method) {
  const Receiver* receiver = plan.receivers().Find(ReceiverOf(user));
  if (receiver == nullptr) return NotFound(fmt::format("no user {}", user));
  const std::string wanted = ContactMethod(method);
  for (const Integration& integration : receiver->integrations) {
    if (IntegrationName(integration) == wanted) return &integration;
  }
  return NotFound(fmt::format("{} has no contact method {}", user, method));
}

std::string HashOf(const std::string& salt, const std::string& code) {
  return Sha256Hex(salt + code);
}

// Without telling by its time how much of it was right.
bool SameText(std::string_view a, std::string_view b) {
  unsigned difference = a.size() == b.size() ? 0 : 1;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
  }
  return difference == 0;
}

OutboxRow CodeMessage(const std::string& receiver, const std::string& integration,
                      const VerificationDraw& draw, Nanos now) {
  OutboxRow row;
  row.id = ReportKey("verify:" + draw.id, receiver, integration);
  row.kind = OutboxKind::kReport;
  row.receiver = receiver;
  row.integration = integration;
  row.reason = "verification of a contact method";
  row.created_at = now;
  row.due = now;
  row.deadline = now + kVerificationLifetime;
  row.title = fmt::format("Outrider: your code is {}", draw.code);
  row.text = fmt::format("{} confirms this contact method of {}. The code holds for 10 minutes.",
                         draw.code, receiver.substr(kUserPrefix.size()));
  row.labels = {{"alertname", "ContactVerification"}};
  return row;
}

}  // namespace

Nanos VerifiedAt(const Plan& plan, const PagingRecord* record, const std::string& receiver,
                 const std::string& integration) {
  const ContactVerification* check = AsVerification(record);
  if (check == nullptr || check->verified_for != DigestOf(plan, receiver, integration)) return 0;
  return check->verified_at;
}

bool IsUsable(const Transaction& tx, const std::string& receiver, const std::string& integration) {
  if (!tx.plan().people().require_verified || !receiver.starts_with(kUserPrefix)) return true;
  return VerifiedAt(tx.plan(), tx.paging.Find(VerificationKey(receiver, integration)), receiver,
                    integration) != 0;
}

Status StartVerification(Transaction& tx, const std::string& user, const std::string& method,
                         const VerificationDraw& draw, Nanos now) {
  const std::string integration = IntegrationName(*TRY(FindContact(tx.plan(), user, method)));
  const std::string receiver = ReceiverOf(user);
  const std::string key = VerificationKey(receiver, integration);
  const ContactVerification* known = AsVerification(tx.paging.Find(key));
  ContactVerification check = known == nullptr ? ContactVerification{} : *known;
  if (check.asked_at != 0 && now < check.asked_at + kNextCode && now >= check.asked_at) {
    return absl::FailedPreconditionError(
        fmt::format("a code was sent {} ago; another one may be asked for after a minute",
                    FormatDuration((now - check.asked_at) / kNanosPerSecond * kSecond)));
  }
  check.code_hash = HashOf(draw.salt, draw.code);
  check.salt = draw.salt;
  check.asked_at = now;
  check.asked_for = DigestOf(tx.plan(), receiver, integration);
  check.expires_at = now + kVerificationLifetime;
  check.tries = 0;
  tx.paging.Put(key, std::move(check));
  OutboxRow row = CodeMessage(receiver, integration, draw, now);
  const std::string id = row.id;
  tx.outbox.Put(id, std::move(row));
  tx.RequireSync();
  return absl::OkStatus();
}

Status ConfirmVerification(Transaction& tx, const ContactRef& contact, const std::string& code,
                           const HumanAction& by, Status* refused, Nanos now) {
  const std::string& user = contact.user;
  const std::string integration =
      IntegrationName(*TRY(FindContact(tx.plan(), user, contact.method)));
  const std::string receiver = ReceiverOf(user);
  const std::string key = VerificationKey(receiver, integration);
  const ContactVerification* known = AsVerification(tx.paging.Find(key));
  if (known == nullptr || known->code_hash.empty()) {
    return NotFound(fmt::format("no code was asked for {} of {}", integration, user));
  }
  ContactVerification check = *known;
  if (now > check.expires_at) {
    return absl::FailedPreconditionError("the code is too old: ask for another one");
  }
  // Whoever holds it has the old address, which proves nothing of the new one.
  if (check.asked_for != DigestOf(tx.plan(), receiver, integration)) {
    return absl::FailedPreconditionError(
        "the contact method was changed after the code was sent: ask for another one");
  }
  if (check.tries >= kVerificationTries) {
    return absl::FailedPreconditionError("too many wrong codes: ask for another one");
  }
  if (!SameText(HashOf(check.salt, code), check.code_hash)) {
    ++check.tries;
    *refused = InvalidArgument(
        fmt::format("a wrong code; {} tries are left", kVerificationTries - check.tries));
    tx.paging.Put(key, std::move(check));
    tx.RequireSync();
    return absl::OkStatus();
  }
  check.code_hash.clear();
  check.salt.clear();
  check.verified_at = now;
  check.verified_for = check.asked_for;
  tx.paging.Put(key, std::move(check));
  AuditEvent event;
  event.subject = receiver;
  event.kind = AuditKind::kContactVerified;
  event.time = now;
  const Actor actor = ToActor(by);
  event.who = actor.who;
  event.channel = actor.channel;
  event.text = fmt::format("{}/{}", receiver, integration);
  event.data = actor.data;
  event.data["user"] = user;
  event.data["contact"] = integration;
  tx.Audit(std::move(event));
  if (tx.plan().people().require_verified) SettleOnCallChecks(tx, now);  // one can be reached more
  tx.RequireSync();
  return absl::OkStatus();
}

}  // namespace outrider
