// SPDX-License-Identifier: Apache-2.0
// Whether a contact method is its owner's: a code goes there, and comes back.
#pragma once

#include <string>

#include "notifiers/desk/desk.h"
#include "notifiers/desk/transaction.h"
#include "storage/base/status.h"

namespace outrider {

// When a contact method was verified, by what is remembered of it (nullptr: nothing); 0: it was
// not, or for another address than it has now.
Nanos VerifiedAt(const Plan& plan, const PagingRecord* record, const std::string& receiver,
                 const std::string& integration);
// Whether pages may go there, as after the edits.
bool IsUsable(const Transaction& tx, const std::string& receiver, const std::string& integration);

// Random parts of a verification, drawn outside of the decision.
struct VerificationDraw {
  std::string code;  // six digits
  std::string salt;
  std::string id;  // of the message
};
inline constexpr int64_t kVerificationLifetime = 600 * kNanosPerSecond;
inline constexpr int kVerificationTries = 3;

// Queues the message with the code; only its hash is kept, but for the message until it is sent.
// NotFound: no such contact method. FailedPrecondition: the last code is not a minute old.
Status StartVerification(Transaction& tx, const std::string& user, const std::string& method,
                         const VerificationDraw& draw, Nanos now);
// NotFound: nothing was asked. FailedPrecondition: the code is too old, was guessed at too often,
// or went to an address that the contact method has no more. InvalidArgument: a wrong code, how
// many tries are left. A wrong try is remembered although this is an error: `*refused` has it, and
// the decision itself is fine.
Status ConfirmVerification(Transaction& tx, const ContactRef& contact, const std::string& code,
                           const HumanAction& by, Status* refused, Nanos now);

}  // namespace outrider
