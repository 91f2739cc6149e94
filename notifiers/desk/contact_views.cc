// SPDX-License-Identifier: Apache-2.0
#include "notifiers/desk/contact_views.h"

#include <fmt/format.h>

#include "notifiers/config/people_config.h"
#include "notifiers/desk/decide_verification.h"
#include "notifiers/desk/desk_impl.h"

namespace outrider {
namespace {

VerificationDraw Draw(Random& random) {
  return {.code = fmt::format("{:06}", random.Next() % 1'000'000),
          .salt = random.Uuid(),
          .id = random.Uuid()};
}

}  // namespace

Status Desk::StartVerification(const std::string& user, const std::string& method, Nanos now) {
  const VerificationDraw draw = Draw(impl_->random);
  return impl_->Run(now, [&](Transaction& tx, Nanos at) {
    return outrider::StartVerification(tx, user, method, draw, at);
  });
}

Status Desk::ConfirmVerification(const ContactRef& contact, const std::string& code,
                                 const HumanAction& by, Nanos now) {
  Status refused;
  TRY(impl_->Run(now, [&](Transaction& tx, Nanos at) {
    return outrider::ConfirmVerification(tx, contact, code, by, &refused, at);
  }));
  return refused;
}

StatusOr<std::vector<ContactView>> Desk::Contacts(const std::string& user) const {
  absl::ReaderMutexLock lock(&impl_->state_mutex);
  const Plan& plan = *impl_->plan;
  const std::string name = fmt::format("{}{}", kUserPrefix, user);
  const Receiver* receiver = plan.receivers().Find(name);
  if (receiver == nullptr) return NotFound(fmt::format("no user {}", user));
  std::vector<ContactView> contacts;
  for (const Integration& integration : receiver->integrations) {
    ContactView view;
    view.integration = IntegrationName(integration);
    const auto record = impl_->state.paging.find(VerificationKey(name, view.integration));
    view.verified_at =
        VerifiedAt(plan, record == impl_->state.paging.end() ? nullptr : record->second.get(), name,
                   view.integration);
    view.usable = view.verified_at != 0 || !plan.people().require_verified;
    contacts.push_back(std::move(view));
  }
  return contacts;
}

}  // namespace outrider
