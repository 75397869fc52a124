/** English. The other languages have the same shape. */
const n = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

export const en = {
  code: 'en',
  language: 'English',
  nav: {
    skip: 'Skip to content', menu: 'Menu', close: 'Close', watch: 'Watch', network: 'Network', manage: 'Manage',
    overview: 'Overview', live: 'Live calls', cases: 'Cases', held: 'Calls to approve', blocks: 'Blocks', notices: 'Messages', calls: 'Call records', reports: 'Reports',
    customers: 'Customers', numbers: 'Number look-up', registrations: 'Registrations', integrations: 'Integrations', health: 'Health', people: 'People', approvals: 'Approvals',
    keys: 'API keys', access: 'Access', audit: 'Audit log', account: 'My account', logout: 'Log out', theme: 'Appearance',
    light: 'Light', dark: 'Dark', auto: 'Automatic', languages: 'Language', live_on: 'Live', live_off: 'Reconnecting',
    main: 'Main', home: 'Ringfence, to the overview',
  },
  act: {
    save: 'Save', cancel: 'Cancel', close: 'Close', retry: 'Try again', copy: 'Copy', copied: 'Copied', next: 'Next page', first: 'First page',
    end: 'End call', ended: 'Call ended', lift: 'Lift', undo: 'Undo', block: 'Block', remove: 'Remove', revoke: 'Revoke', more: 'More',
    filter: 'Filter', clear: 'Clear filters', more_filters: 'More filters', show: 'Show', search: 'Search', back: 'Back', approve: 'Approve', refuse: 'Refuse',
    table: 'As a table', chart: 'As a chart', csv: 'Save as CSV', continue: 'Continue', all: 'All', open: 'Open', why: 'Why (for the audit log)',
    why_hint: 'Optional. It is kept with the act.', type_to_confirm: (word: string) => `Type “${word}” to go on`, done: 'Done',
  },
  list: {
    newest: 'Newest first', count: (count: number) => n(count, 'row', 'rows'), sorted: 'Sorting is within this page.', none_filtered: 'Nothing matches these filters',
    none_filtered_hint: 'Clear a filter, or choose a longer period.', loading: 'Loading', refresh: 'Refresh', from: 'From', until: 'Until', any: 'Any',
    per_page: 'Rows',
  },
  field: {
    tenant: 'Customer', extension: 'Extension', trunk: 'Trunk', direction: 'Direction', from_number: 'From', to_number: 'To', dialled: 'Dialled',
    country: 'Country', kind: 'Kind', outcome: 'Outcome', started: 'Started', duration: 'Duration', cost: 'Cost', prevented: 'Prevented',
    exposure: 'At risk', state: 'State', level: 'Level', since: 'Since', ends: 'Ends', by: 'By', why: 'Why', name: 'Name', login: 'Login',
    opened: 'Opened', let_through: 'Got through', calls: 'Calls', headline: 'What happened', address: 'Address', device: 'Device', expires: 'Expires',
    used: 'Last used', created: 'Made', what: 'What', who: 'Who', subject: 'Subject', when: 'When', answered: 'Answered', code: 'SIP code',
    call_id: 'Call-ID', minutes: 'Minutes', attempts: 'Attempts', refused: 'Stopped', id: 'Id', side: 'Side', period: 'Period', password: 'Password',
  },
  direction: { outbound: 'Outbound', inbound: 'Inbound', internal: 'Internal' } as Record<string, string>,
  outcome: { ok: 'Passed', refused: 'Refused', would_refuse: 'Would be refused', cut: 'Cut' } as Record<string, string>,
  case_state: { open: 'Open', confirmed_fraud: 'Fraud', false_alarm: 'False alarm', expected: 'Expected' } as Record<string, string>,
  level: { open: 'Open', guarded: 'Guarded', national: 'National', geographic: 'Geographic', internal: 'Internal', suspended: 'Suspended' } as Record<string, string>,
  level_works: {
    open: 'Everything the policy allows works.', guarded: 'All but premium, satellite and high-risk destinations work.', national: 'Only national numbers work, no paid ones.',
    geographic: 'Only national geographic numbers work.', internal: 'Only calls inside the customer work.', suspended: 'Nothing works; phones cannot register.',
  } as Record<string, string>,
  emergency: 'Emergency numbers and helplines work on every level.',
  kind: {
    fixed: 'Fixed', mobile: 'Mobile', fixed_or_mobile: 'Fixed or mobile', voip: 'Location-independent', company: 'Company', government: 'Government', m2m: 'Machine to machine',
    pager: 'Pager', vpn: 'Private network', personal: 'Personal', freephone: 'Freephone', shared_cost: 'Shared cost', premium: 'Premium', premium_adult: 'Premium, adult',
    premium_entertainment: 'Premium, entertainment', directory: 'Directory', service: 'Service', satellite: 'Satellite', network: 'International network', unallocated: 'Unallocated',
    unknown: 'Unknown', internal: 'Internal', emergency: 'Emergency', helpline: 'Helpline',
  } as Record<string, string>,
  role: { platform_admin: 'Platform admin', reseller: 'Reseller', tenant_admin: 'Customer admin', operator: 'Operator', auditor: 'Auditor' } as Record<string, string>,
  role_about: {
    platform_admin: 'Runs the platform: everything.', reseller: 'Looks after the customers it brought.', tenant_admin: 'Looks after one customer.',
    operator: 'Watches calls; ends, blocks and unblocks.', auditor: 'Reads everything, changes nothing.',
  } as Record<string, string>,
  reach: { platform: 'The whole platform', reseller: 'Reseller', tenant: 'Customer' } as Record<string, string>,
  happening: {
    alerted: 'Alert', blocked: 'Block set', lifted: 'Block ended', cut: 'Call cut', verdict: 'Call judged', registered: 'New address registered',
    registration_failed: 'Registrations failed', forwarded: 'Forward changed',
  } as Record<string, string>,
  overview: {
    title: 'Overview', at_risk: 'Money at risk now', at_risk_about: 'Spent and reserved by calls that run', running: 'Calls now', ringing: (count: number) => `${count} ringing`,
    open_cases: 'Open cases', decide: 'Waiting for a decision', blocks: 'Blocks in force', stopped: 'Stopped today', stopped_about: 'What refused calls would have cost',
    changed: 'What changed', changed_none: 'Nothing has happened yet', changed_none_hint: 'Alerts, blocks and ended calls appear here the moment they happen.',
    spend: 'Spent per day, last 14 days', spend_chart: 'Cost and prevented cost of calls per day, last 14 days', spent: 'Spent', prevented: 'Prevented',
    held: (count: number) => `${n(count, 'call waits', 'calls wait')} for an answer`, held_about: 'Refused, and somebody asks to make them.', held_go: 'Answer', dearest: 'Dearest running calls', dearest_none: 'No call runs', dearest_none_hint: 'Paid calls appear here while they ring or run.',
    max_loss: 'At most lost before a stop', max_loss_about: 'In a day, by the limits in force', max_loss_observe: 'Only watched: nothing bounds a loss yet', troubles: 'Needs attention', all_well: 'All is well',
    all_well_about: 'Trunks answer, no trouble is known.', tariff_note: 'Amounts are by the rate deck of each customer; by the default tariff, an estimate, where none was imported.',
  },
  live: {
    title: 'Live calls', about: 'Calls that ring or run, refreshed by the second.', none: 'No calls at the moment', none_hint: 'A call appears here as soon as it is attempted.',
    ringing: 'ringing', end_question: 'End this call?', end_about: (who: string, to: string) => `${who} is calling ${to}. Both sides hear the line drop.`, total: 'At risk together',
    end_many: (count: number) => `End ${n(count, 'call', 'calls')}`, end_shown: 'End all shown', end_many_about: 'All calls of this list end now, for everybody on them.', ended_many: (count: number) => `${n(count, 'call', 'calls')} ended`,
    lines: 'lines',
  },
  cases: {
    title: 'Cases', about: 'All alerts, blocks and calls of one campaign, for somebody to decide about.', none: 'No cases', none_hint: 'When Ringfence suspects fraud it opens a case here. Until then there is nothing to do.',
    none_open: 'Nothing waits for a decision', none_open_hint: 'Closed cases are under “All”.', timeline: 'What happened', evidence: 'Why it was suspected', notes: 'Notes', no_notes: 'Nobody wrote anything yet.',
    add_note: 'Add a note', question: 'Was this fraud?', question_about: 'Your answer teaches Ringfence what is normal for this customer.', fraud: 'Yes, fraud', false_alarm: 'No, false alarm',
    expected: 'No, and it will happen again', reopen: 'Open again', decided: (what: string, who: string) => `${what}, said ${who}`, now_decided: 'Decided', export: 'Save the evidence', hold: 'Keep the records (legal hold)', held: 'Records are kept', unhold: 'Release the hold',
    blocks: 'Blocks of this case', calls: 'Call records', stopped_calls: (count: number) => `${n(count, 'call', 'calls')} stopped`, alerts: (count: number) => n(count, 'alert', 'alerts'), same: (count: number) => `and ${count} more like it`,
    figures: 'Figures', case_of: (tenant: string) => `Case at ${tenant}`,
  },
  blocks: {
    title: 'Blocks', about: 'How far calls are restricted, for whom, until when.', none: 'No blocks in force', none_hint: 'Blocks set by Ringfence or by you appear here, with a way to lift them.', in_force: 'In force', history: 'History',
    new: 'New block', engine: 'Ringfence', shadow: 'observed only', shadow_about: 'The customer is only watched: this would have been blocked.', until_lifted: 'until lifted', ended: 'ended', lifted_by: (who: string) => `lifted by ${who}`,
    lift_question: 'Lift this block?', lift_about: 'Calls pass again at once. Limits stay tight for a while.', lifted: 'Block lifted', set: 'Block set', whole: 'The whole customer',
    whole_warning: 'This hits every phone of the customer.', ladder: 'The ladder', how_long: 'For how long', hours: (count: number) => n(count, 'hour', 'hours'), days: (count: number) => n(count, 'day', 'days'), forever: 'Until somebody lifts it',
    proposed: 'Much money got through before this block, so a second person must agree. They find it under Approvals.', extension_hint: 'Leave empty for the whole customer.',
  },
  calls: {
    title: 'Call records', about: 'Every attempt, with what it cost and what was done about it.', none: 'No calls yet', none_hint: 'Send a first call through Ringfence: its record appears here seconds after it ends.', stopped: 'Only stopped calls',
    begins_with: 'begins with, such as +53', details: 'Call', reasons: 'Why', no_reasons: 'It passed; nothing stood against it.', would_pass: 'It would have passed', via: 'Came by', source: 'Source',
  },
  customers: {
    title: 'Customers', about: 'Who is protected, and what it cost in the last 30 days.', none: 'No customers yet', none_hint: 'Customers are in the settings; they appear here with their first call.', open_cases: 'Open cases', blocks: 'Blocks',
    of: 'Last 30 days', by_country: 'By country', by_extension: 'By extension', by_kind: 'By kind', cost_chart: 'Cost per day of this customer',
  },
  numbers: {
    title: 'Look up a number', about: 'What a number is, what it costs, and whether a call to it would pass now.', dialled: 'As it is dialled', look: 'Look up', none: 'No number yet', none_hint: 'Type a number as somebody dials it; choose a customer to judge it as theirs.',
    read_as: 'Read as', risk: 'Risk', operator: 'Operator', connect: 'Per call', per_minute: 'Per minute', tariff: 'default tariff', passes: 'A call would pass', stopped: 'A call would be refused', range: 'Range',
    valid: 'In the numbering plan',
  },
  registrations: { title: 'Registrations', about: 'Where phones are reached, and with which device.', none: 'No phone is registered', none_hint: 'Phones appear here when they register at this edge. Behind a PBX there are none.' },
  health: {
    title: 'Health', about: 'The node, its trunks, and who is not heard.', version: 'Version', up: 'Running since', settings: 'Settings since', shards: 'Shards', listens: 'Listens at', draining: 'Takes no new calls', trunks: 'Trunks', bans: 'Not heard',
    ban: 'Ban a network', ban_about: 'Nothing from it is heard, until you lift it.', ban_net: 'Address or network', banned: 'Not heard any more', unban: 'Hear again', unban_question: 'Hear this network again?', unban_about: 'What it sends is looked at again, within the usual limits.', unbanned: 'Heard again', no_bans: 'Everybody is heard', no_bans_hint: 'Scanners and guessers of passwords appear here while they are ignored.', no_trunks: 'No trunks', no_trunks_hint: 'Trunks are in the settings.', answers: 'answers', silent: 'does not answer', not_asked: 'not asked',
    registered: 'registered', not_registered: 'not registered', everybody: 'everybody', until_person: 'until somebody ends it', troubles: 'Not as it should be', pbx: 'PBX', carrier: 'Carrier',
  },
  people: {
    title: 'People', about: 'Who may log in, and what they may do.', none: 'Nobody yet', none_hint: 'Invite a colleague: alone nobody can approve grave acts.', invite: 'Invite', invited: 'invited', disabled: 'may not log in', factors: 'Second factor', no_factor: 'none',
    may: 'May do', add_right: 'Add a right', role: 'Role', over: 'Over', link: 'Invitation', link_about: 'Send this link to them over a safe way. It is shown once and works for a week.', proposed: 'A second person must agree first. They find it under Approvals.',
    reset: 'Reset login', reset_question: 'Reset this login?', reset_about: 'Password, second factor and sessions are taken away; a new invitation is made.', end_sessions: 'End sessions', sessions_ended: 'Sessions ended', disable: 'Bar from logging in', enable: 'Let log in again',
    remove_question: 'Remove this person?', remove_about: 'They can no longer log in. What they did stays in the audit log.', login_hint: 'Usually the mail address.', removed: 'Removed',
  },
  approvals: {
    title: 'Approvals', about: 'Grave acts wait here for a second person.', none: 'Nothing waits', none_hint: 'Rights for people, raised limits and lifting dear blocks need two persons; they appear here.', proposed_by: (who: string) => `Proposed by ${who}`, alone: (when: string) => `Nobody else can approve: it takes effect at ${when}`,
    make_user: (login: string) => `Make ${login} a user`, change_grants: 'Change what somebody may do', reset_login: 'Reset a login', lift_block: (block: string) => `Lift block ${block}`, change_settings: (tenants: string) => `Change settings of ${tenants}`, approved: 'Approved', refused: 'Refused', own: 'Yours: somebody else must approve it.', take_back: 'Take back',
  },
  keys: {
    title: 'API keys', about: 'For programs. A key can do what it was made for, until it expires.', none: 'No keys', none_hint: 'Make one for each program, with no more than it needs.', make: 'New key', secret: 'The key', secret_about: 'Copy it now: it is shown once.', may: 'May',
    nets: 'Only from networks', nets_hint: 'Such as 192.0.2.0/24, with commas. Empty: from everywhere.', revoked: 'revoked', expired: 'expired', revoke_question: 'Revoke this key?', revoke_about: 'The program that uses it is refused from now on.', days: (count: number) => n(count, 'day', 'days'), never: 'never',
    revoked_done: 'Key revoked', platform: 'All customers',
  },
  permission: {
    read_calls: 'See calls', cut_calls: 'End calls', read_blocks: 'See blocks', block: 'Block', unblock: 'Unblock', read_cases: 'See cases', decide_cases: 'Decide cases', read_reports: 'See reports', read_settings: 'See settings', change_settings: 'Change settings',
    change_tenants: 'Make customers', read_people: 'See people', change_people: 'Change people', change_keys: 'Change keys', decide: 'Ask as a PBX', read_audit: 'Read the audit log', read_node: 'See the node', operate_node: 'Operate the node',
  } as Record<string, string>,
  audit: {
    title: 'Audit log', about: 'Who did what. Each row is chained to the one before, so that nothing can be changed unseen.', none: 'Nothing on record', none_hint: 'Every change is written here.', verify: 'Check the chain', whole: (rows: string) => `The chain is whole: ${rows} rows`,
    broken: (row: number) => `The chain is broken at row ${row}`, head: 'Head', before: 'Before', after: 'After', of_platform: 'Platform', take_back: 'Take this change back', taken_back: 'Taken back',
  },
  account: {
    title: 'My account', about: 'How you log in, and where you are.', factors: 'Second factors', passkeys: 'Passkeys', add_passkey: 'Add a passkey', authenticator: 'Authenticator app', add_totp: 'Add an authenticator', has_totp: 'An authenticator is set up.', no_totp: 'No authenticator.',
    recovery: 'Recovery codes', recovery_left: (count: number) => `${n(count, 'code', 'codes')} left`, recovery_new: 'New codes', recovery_about: 'Each works once, when you have no other factor. Print them and keep them safe; they are shown once.', sessions: 'Sessions', current: 'this one', end: 'End',
    password: 'Password', old: 'Present password', new: 'New password', changed: 'Password changed; other sessions ended', passkey_name: 'Name of the passkey', passkey_default: 'This device', rights: 'What I may do', stored: 'I have kept them',
  },
  login: {
    title: 'Log in', login: 'Login', password: 'Password', go: 'Log in', passkey: 'Log in with a passkey', or: 'or', second: 'Second step', code: 'Code from your authenticator', code_go: 'Continue', use_passkey: 'Use a passkey', use_code: 'Use an authenticator code', use_recovery: 'Use a recovery code', recovery: 'Recovery code',
    enrol: 'Add a second factor', enrol_about: 'Your role can change things, so a password alone is not enough. A passkey is safest and quickest.', enrol_passkey: 'Set up a passkey', enrol_passkey_about: 'Fingerprint, face, or a security key. Nothing to type.', enrol_totp: 'Use an authenticator app', enrol_totp_about: 'Six digits from your phone.',
    scan: 'Scan this with the app, then type the code it shows.', or_type: 'Or type this secret into it:', check: 'Check the code', other: 'Log in as somebody else', cancelled: 'The passkey was not used', cancelled_hint: 'Try again, or take another way.', welcome: 'Fraud stops here.',
    passkey_name: 'Passkey of the first login', provider: (name: string) => `Log in at ${name}`, provider_back: 'Logging in', provider_lost: 'This login was begun elsewhere, or too long ago', provider_lost_hint: 'Begin again here.',
  },
  setup: {
    title: 'Set up Ringfence', about: 'You are the first person: you will look after the platform.', step: (at: number, of: number) => `Step ${at} of ${of}`, you: 'You', name: 'Your name', name_hint: 'As colleagues know you.', login_hint: 'Usually your mail address.', password_hint: 'At least 12 characters. Four words in a row do well.', go: 'Continue',
    no_link: 'Open the set-up link', no_link_about: 'Ringfence printed a one-time link on its console and in its log when it started. Open that link in this browser; a new one is made at each start.', codes: 'Recovery codes', invite: 'Your invitation', invite_about: 'Choose a password; then you add a second factor.', password_twice: 'These two are not the same', again: 'Password again',
    short: 'At least 12 characters', done: 'All set', done_about: 'Ringfence is ready. Next: look at the health of your trunks, and invite a colleague, because grave acts need two.', go_overview: 'To the overview', invalid_link: 'The link is incomplete', invalid_link_about: 'Open the whole link, with what stands behind #.',
  },
  reports: {
    title: 'Reports', about: 'Calls, minutes and money: by whom, where to, when, how long.', none: 'No calls in this period', none_hint: 'Choose a longer period.', by: 'By', day: 'Day', days: (count: number) => `Last ${n(count, 'day', 'days')}`, chart: 'Cost by day', total: 'Total', without: 'Without a country (inbound, internal)', destination: 'Destination', grain: 'Per', grains: { day: 'Day', week: 'Week', month: 'Month', quarter: 'Quarter' } as Record<string, string>, week: (day: string) => `week of ${day}`, quarter: (of: number, year: number) => `Q${of} ${year}`, print: 'Print', sort: 'Report', sums: 'Calls and money', office: 'Office hours', longest: 'Longest calls', repeated: 'Repeated numbers', short: 'Short paid calls', unusual: 'Unusual', unusual_about: (days: string) => `Against what is usual for this customer in such a time, by the ${days} days before.`, usual: 'Usual cost', new: 'new', more: 'More than usual', times: (count: string) => `${count} × as much`, nothing_unusual: 'Nothing stands out', nothing_unusual_hint: 'No phone called a new destination at a cost, or spent twice what is usual.', choose: 'Choose a customer', choose_hint: 'This report is of one customer.', inside: 'In office hours', outside: 'Outside', often: 'Calls', first: 'First', last: 'Last', all: 'All calls', share: 'Share outside',
  },
  access: {
    title: 'Access', about: 'From which networks and at which hours people may come in.', nets: 'Networks', nets_hint: 'One a line, such as 192.0.2.0/24. Empty: from everywhere.', of: 'For the people of', platform: 'The platform and its resellers', saved: 'Saved', hours: 'Hours', days: ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'], no_hours: 'Open at all hours.', add_hours: 'Add hours', zone: 'Time zone', choose: 'Show',
  },
  missing: { title: 'There is no such page', about: 'The address may be old, or you may not see it.', go: 'To the overview' },
  error: {
    title: 'That did not work', unreachable: 'Ringfence cannot be reached', unreachable_hint: 'Calls go on. Look at your connection; this page tries again by itself.', request: 'Request', not_allowed: 'You may not do this', not_allowed_hint: 'Ask somebody who may, or for the right to.',
    outdated: 'Somebody was faster', outdated_hint: 'It changed since you read it. It is shown anew: decide again.', stale_login: 'Log in again first', stale_login_hint: 'Changing how you log in needs a login of the last minutes. Log out and in, then repeat this.', wrong_login: 'That is not right', wrong_login_hint: 'Try again, or use a passkey.',
    too_many: 'Too many tries', too_many_hint: 'Wait a quarter of an hour, or log in with a passkey.', busy: 'Too much to do at the moment', busy_hint: 'Try again in a moment.', not_from_here: 'Access is closed from here', not_from_here_hint: 'Your address or this hour is not admitted. Connect from an admitted network.',
    last_factor: 'It is your last second factor', last_factor_hint: 'Your role asks for one: add another first.', last_admin: 'Nobody else looks after the platform', last_admin_hint: 'Make another platform admin first.', answered: 'It was answered already', answered_hint: 'Look at the list: somebody was faster, or its time was over.', not_found: 'It is not there, or no longer', not_found_hint: 'Go back to the list.', broken: 'Something went wrong in Ringfence', broken_hint: 'Report it with the request id; the log knows more.',
  },
  duration: { s: 's', min: 'min', h: 'h', d: 'd' },
  ago: { now: 'just now' },
  never: 'never', none: 'none', yes: 'Yes', no: 'No', unknown: 'unknown',
};

export type Words = typeof en;
