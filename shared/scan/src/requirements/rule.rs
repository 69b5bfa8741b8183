//! The table: every standard and implementation specification, in the order of the rule.
//!
//! Source: 45 CFR part 164 subpart C, with the matrix in its Appendix A, which ends at 164.312. In 164.314 and 164.316
//! the specifications are all required.

use Covered::{ByOthers, Controls};
use Kind::{Addressable, Required, Standard};

use super::{Covered, Kind, Organization, Paragraph};

/// Every standard and implementation specification of 45 CFR 164.308, 164.310, 164.312, 164.314 and 164.316, in the order
/// of the rule.
///
/// 164.314(b)(2) is only the head of four specifications; it is listed because published mappings cite it whole.
pub const PARAGRAPHS: &[Paragraph] = &[
    // 164.308: administrative safeguards.
    of("164.308(a)(1)(i)", "Security management process", Standard, ByOthers(MANAGEMENT)),
    of("164.308(a)(1)(ii)(A)", "Risk analysis", Required, Controls),
    of("164.308(a)(1)(ii)(B)", "Risk management", Required, Controls),
    of("164.308(a)(1)(ii)(C)", "Sanction policy", Required, ByOthers(SANCTIONS)),
    of("164.308(a)(1)(ii)(D)", "Information system activity review", Required, Controls),
    of("164.308(a)(2)", "Assigned security responsibility", Standard, ByOthers(OFFICIAL)),
    of("164.308(a)(3)(i)", "Workforce security", Standard, Controls),
    of("164.308(a)(3)(ii)(A)", "Authorization and/or supervision", Addressable, Controls),
    of("164.308(a)(3)(ii)(B)", "Workforce clearance procedure", Addressable, Controls),
    of("164.308(a)(3)(ii)(C)", "Termination procedures", Addressable, Controls),
    of("164.308(a)(4)(i)", "Information access management", Standard, Controls),
    only(
        Organization::Clearinghouse,
        of("164.308(a)(4)(ii)(A)", "Isolating health care clearinghouse functions", Required, Controls),
    ),
    of("164.308(a)(4)(ii)(B)", "Access authorization", Addressable, Controls),
    of("164.308(a)(4)(ii)(C)", "Access establishment and modification", Addressable, Controls),
    of("164.308(a)(5)(i)", "Security awareness and training", Standard, ByOthers(TRAINING)),
    of("164.308(a)(5)(ii)(A)", "Security reminders", Addressable, ByOthers(REMINDERS)),
    of("164.308(a)(5)(ii)(B)", "Protection from malicious software", Addressable, Controls),
    of("164.308(a)(5)(ii)(C)", "Log-in monitoring", Addressable, Controls),
    of("164.308(a)(5)(ii)(D)", "Password management", Addressable, Controls),
    of("164.308(a)(6)(i)", "Security incident procedures", Standard, Controls),
    of("164.308(a)(6)(ii)", "Response and reporting", Required, Controls),
    of("164.308(a)(7)(i)", "Contingency plan", Standard, Controls),
    of("164.308(a)(7)(ii)(A)", "Data backup plan", Required, Controls),
    of("164.308(a)(7)(ii)(B)", "Disaster recovery plan", Required, Controls),
    of("164.308(a)(7)(ii)(C)", "Emergency mode operation plan", Required, Controls),
    of("164.308(a)(7)(ii)(D)", "Testing and revision procedures", Addressable, ByOthers(REHEARSAL)),
    of("164.308(a)(7)(ii)(E)", "Applications and data criticality analysis", Addressable, ByOthers(CRITICALITY)),
    of("164.308(a)(8)", "Evaluation", Standard, Controls),
    of("164.308(b)(1)", "Business associate contracts and other arrangements", Standard, ByOthers(ASSOCIATES)),
    of("164.308(b)(2)", "Subcontractors of a business associate", Standard, ByOthers(SUBCONTRACTORS)),
    of("164.308(b)(3)", "Written contract or other arrangement", Required, ByOthers(WRITTEN)),
    // 164.310: physical safeguards.
    of("164.310(a)(1)", "Facility access controls", Standard, ByOthers(FACILITIES)),
    of("164.310(a)(2)(i)", "Contingency operations", Addressable, ByOthers(EMERGENCY_ENTRY)),
    of("164.310(a)(2)(ii)", "Facility security plan", Addressable, ByOthers(FACILITY_PLAN)),
    of("164.310(a)(2)(iii)", "Access control and validation procedures", Addressable, ByOthers(VISITORS)),
    of("164.310(a)(2)(iv)", "Maintenance records", Addressable, ByOthers(MAINTENANCE)),
    of("164.310(b)", "Workstation use", Standard, ByOthers(WORKSTATION_USE)),
    of("164.310(c)", "Workstation security", Standard, ByOthers(WORKSTATION_SECURITY)),
    of("164.310(d)(1)", "Device and media controls", Standard, ByOthers(DEVICES)),
    of("164.310(d)(2)(i)", "Disposal", Required, ByOthers(DISPOSAL)),
    of("164.310(d)(2)(ii)", "Media re-use", Required, ByOthers(REUSE)),
    of("164.310(d)(2)(iii)", "Accountability", Addressable, ByOthers(ACCOUNTABILITY)),
    of("164.310(d)(2)(iv)", "Data backup and storage", Addressable, Controls),
    // 164.312: technical safeguards.
    of("164.312(a)(1)", "Access control", Standard, Controls),
    of("164.312(a)(2)(i)", "Unique user identification", Required, Controls),
    of("164.312(a)(2)(ii)", "Emergency access procedure", Required, Controls),
    of("164.312(a)(2)(iii)", "Automatic logoff", Addressable, Controls),
    of("164.312(a)(2)(iv)", "Encryption and decryption", Addressable, Controls),
    of("164.312(b)", "Audit controls", Standard, Controls),
    of("164.312(c)(1)", "Integrity", Standard, Controls),
    of("164.312(c)(2)", "Mechanism to authenticate electronic protected health information", Addressable, Controls),
    of("164.312(d)", "Person or entity authentication", Standard, Controls),
    of("164.312(e)(1)", "Transmission security", Standard, Controls),
    of("164.312(e)(2)(i)", "Integrity controls", Addressable, Controls),
    of("164.312(e)(2)(ii)", "Encryption", Addressable, Controls),
    // 164.314: organizational requirements.
    of("164.314(a)(1)", "Business associate contracts or other arrangements", Standard, ByOthers(CONTRACTS)),
    of("164.314(a)(2)(i)(A)", "Contract: comply with the Security Rule", Required, ByOthers(CONTRACT_RULE)),
    of("164.314(a)(2)(i)(B)", "Contract: subcontractors agree to comply", Required, ByOthers(CONTRACT_SUBCONTRACTORS)),
    of("164.314(a)(2)(i)(C)", "Contract: report security incidents and breaches", Required, ByOthers(CONTRACT_REPORTS)),
    of("164.314(a)(2)(ii)", "Other arrangements", Required, ByOthers(ARRANGEMENTS)),
    of("164.314(a)(2)(iii)", "Business associate contracts with subcontractors", Required, ByOthers(CHAIN)),
    only(Organization::GroupHealthPlan, of("164.314(b)(1)", "Requirements for group health plans", Standard, Controls)),
    only(Organization::GroupHealthPlan, of("164.314(b)(2)", "Plan documents of the sponsor", Required, Controls)),
    only(
        Organization::GroupHealthPlan,
        of("164.314(b)(2)(i)", "Plan documents: the sponsor implements safeguards", Required, Controls),
    ),
    only(
        Organization::GroupHealthPlan,
        of("164.314(b)(2)(ii)", "Plan documents: adequate separation", Required, ByOthers(PLAN_SEPARATION)),
    ),
    only(
        Organization::GroupHealthPlan,
        of("164.314(b)(2)(iii)", "Plan documents: agents agree to safeguards", Required, ByOthers(PLAN_AGENTS)),
    ),
    only(
        Organization::GroupHealthPlan,
        of("164.314(b)(2)(iv)", "Plan documents: the sponsor reports incidents", Required, ByOthers(PLAN_REPORTS)),
    ),
    // 164.316: policies and procedures and documentation requirements.
    of("164.316(a)", "Policies and procedures", Standard, ByOthers(POLICIES)),
    of("164.316(b)(1)", "Documentation", Standard, Controls),
    of("164.316(b)(2)(i)", "Time limit", Required, Controls),
    of("164.316(b)(2)(ii)", "Availability", Required, ByOthers(AVAILABILITY)),
    of("164.316(b)(2)(iii)", "Updates", Required, ByOthers(UPDATES)),
];

const MANAGEMENT: &str = "Your organization runs the process that prevents, detects, contains and corrects security \
     violations; controls support parts of it, which stand below.";
const SANCTIONS: &str =
    "Your organization sanctions members of its workforce who do not keep to its security policies.";
const OFFICIAL: &str = "Your organization names the security official who is responsible.";
const TRAINING: &str = "Your organization trains its whole workforce, management included.";
// Published mappings put automatic updates of software here. The rule means reminders for the workforce.
const REMINDERS: &str = "Your organization reminds its workforce of security from time to time.";
const REHEARSAL: &str = "Your organization tests its contingency plans and revises them.";
const CRITICALITY: &str = "Your organization judges which applications and data matter most in an emergency.";
const ASSOCIATES: &str = "Your organization obtains satisfactory assurances from each business associate, and from AWS \
     by the business associate addendum.";
const SUBCONTRACTORS: &str =
    "A business associate obtains satisfactory assurances from each subcontractor that handles PHI for it.";
const WRITTEN: &str = "Your organization documents those assurances in a written contract or other arrangement.";
const FACILITIES: &str = "AWS guards its data centres, as its own audit reports say; your organization guards its own \
     premises.";
const EMERGENCY_ENTRY: &str =
    "Your organization lets people into its premises in an emergency to restore data; AWS does so in its data centres.";
const FACILITY_PLAN: &str = "Your organization protects its premises and equipment from entry, tampering and theft; AWS protects its data centres.";
const VISITORS: &str =
    "Your organization controls who enters its premises, visitors included; AWS controls who enters its data centres.";
const MAINTENANCE: &str =
    "Your organization records repairs of its premises that concern security; AWS does so for its data centres.";
const WORKSTATION_USE: &str =
    "Your organization says how and where workstations are used; Remedy sees no workstations.";
const WORKSTATION_SECURITY: &str =
    "Your organization keeps workstations from people who may not use them; Remedy sees no workstations.";
const DEVICES: &str =
    "Your organization governs how devices and media come, move and go; AWS does so in its data centres.";
const DISPOSAL: &str = "Your organization destroys PHI on media that it gives up; AWS does so with its own media.";
const REUSE: &str =
    "Your organization removes PHI from media before they are used again; AWS does so with its own media.";
const ACCOUNTABILITY: &str = "Your organization records where devices and media move, and who answers for them.";
const CONTRACTS: &str =
    "Your organization sees to it that its contracts with business associates say what the rule wants.";
const CONTRACT_RULE: &str =
    "Your organization's contract with each business associate says that it complies with the Security Rule.";
const CONTRACT_SUBCONTRACTORS: &str = "Your organization's contract with each business associate says that it has its \
     subcontractors agree to comply.";
const CONTRACT_REPORTS: &str = "Your organization's contract with each business associate says that it reports security \
     incidents and breaches.";
const ARRANGEMENTS: &str = "A government entity may have another arrangement with another in place of a contract.";
const CHAIN: &str = "A business associate has contracts with its subcontractors that say the same.";
const PLAN_SEPARATION: &str =
    "The plan documents say that the separation between plan and sponsor is supported by security measures.";
const PLAN_AGENTS: &str =
    "The plan documents say that agents to whom the sponsor gives PHI agree to implement security measures.";
const PLAN_REPORTS: &str =
    "The plan documents say that the sponsor reports security incidents to the group health plan.";
const POLICIES: &str = "Your organization writes reasonable and appropriate policies and procedures.";
const AVAILABILITY: &str = "Your organization makes its documentation available to those who carry the procedures out.";
const UPDATES: &str = "Your organization reviews its documentation periodically and updates it as needed.";

const fn of(id: &'static str, subject: &'static str, kind: Kind, covered: Covered) -> Paragraph {
    Paragraph { id, subject, kind, covered, only_for: None }
}

const fn only(organization: Organization, paragraph: Paragraph) -> Paragraph {
    Paragraph { only_for: Some(organization), ..paragraph }
}
