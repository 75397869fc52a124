/** Nederlands. */
import type { Words } from './en';

const n = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

export const nl: Words = {
  code: 'nl',
  language: 'Nederlands',
  nav: {
    skip: 'Naar de inhoud', menu: 'Menu', close: 'Sluiten', watch: 'Bewaken', network: 'Netwerk', manage: 'Beheren',
    overview: 'Overzicht', live: 'Lopende gesprekken', cases: 'Zaken', held: 'Ter goedkeuring', blocks: 'Blokkades', notices: 'Berichten', calls: 'Gesprekken', reports: 'Rapporten',
    customers: 'Klanten', numbers: 'Nummer opzoeken', registrations: 'Registraties', integrations: 'Koppelingen', health: 'Gezondheid', people: 'Personen', approvals: 'Goedkeuringen',
    keys: 'API-sleutels', access: 'Toegang', audit: 'Logboek', account: 'Mijn account', logout: 'Uitloggen', theme: 'Weergave',
    light: 'Licht', dark: 'Donker', auto: 'Automatisch', languages: 'Taal', live_on: 'Live', live_off: 'Opnieuw verbinden',
    main: 'Hoofdmenu', home: 'Ringfence, naar het overzicht',
  },
  act: {
    save: 'Opslaan', cancel: 'Annuleren', close: 'Sluiten', retry: 'Opnieuw proberen', copy: 'Kopiëren', copied: 'Gekopieerd', next: 'Volgende pagina', first: 'Eerste pagina',
    end: 'Beëindigen', ended: 'Gesprek beëindigd', lift: 'Opheffen', undo: 'Ongedaan maken', block: 'Blokkeren', remove: 'Verwijderen', revoke: 'Intrekken', more: 'Meer',
    filter: 'Filter', clear: 'Filters wissen', more_filters: 'Meer filters', show: 'Tonen', search: 'Zoeken', back: 'Terug', approve: 'Goedkeuren', refuse: 'Weigeren',
    table: 'Als tabel', chart: 'Als grafiek', csv: 'Opslaan als CSV', continue: 'Verder', all: 'Alle', open: 'Openen', why: 'Waarom (voor het logboek)',
    why_hint: 'Niet verplicht. Het wordt bij de handeling bewaard.', type_to_confirm: (word) => `Typ “${word}” om door te gaan`, done: 'Klaar',
  },
  list: {
    newest: 'Nieuwste eerst', count: (count) => n(count, 'rij', 'rijen'), sorted: 'Sorteren geldt binnen deze pagina.', none_filtered: 'Niets past bij deze filters',
    none_filtered_hint: 'Wis een filter of kies een langere periode.', loading: 'Laden', refresh: 'Verversen', from: 'Vanaf', until: 'Tot', any: 'Alle',
    per_page: 'Rijen',
  },
  field: {
    tenant: 'Klant', extension: 'Toestel', trunk: 'Trunk', direction: 'Richting', from_number: 'Van', to_number: 'Naar', dialled: 'Gekozen',
    country: 'Land', kind: 'Soort', outcome: 'Uitkomst', started: 'Begonnen', duration: 'Duur', cost: 'Kosten', prevented: 'Voorkomen',
    exposure: 'Risico', state: 'Status', level: 'Niveau', since: 'Sinds', ends: 'Eindigt', by: 'Door', why: 'Waarom', name: 'Naam', login: 'Login',
    opened: 'Geopend', let_through: 'Doorgelaten', calls: 'Gesprekken', headline: 'Wat er gebeurde', address: 'Adres', device: 'Apparaat', expires: 'Verloopt',
    used: 'Laatst gebruikt', created: 'Gemaakt', what: 'Wat', who: 'Wie', subject: 'Onderwerp', when: 'Wanneer', answered: 'Opgenomen', code: 'SIP-code',
    call_id: 'Call-ID', minutes: 'Minuten', attempts: 'Pogingen', refused: 'Gestopt', id: 'Id', side: 'Kant', period: 'Periode', password: 'Wachtwoord',
  },
  direction: { outbound: 'Uitgaand', inbound: 'Inkomend', internal: 'Intern' },
  outcome: { ok: 'Doorgelaten', refused: 'Geweigerd', would_refuse: 'Zou geweigerd zijn', cut: 'Afgebroken' },
  case_state: { open: 'Open', confirmed_fraud: 'Fraude', false_alarm: 'Vals alarm', expected: 'Verwacht' },
  level: { open: 'Open', guarded: 'Bewaakt', national: 'Nationaal', geographic: 'Geografisch', internal: 'Intern', suspended: 'Opgeschort' },
  level_works: {
    open: 'Alles wat het beleid toestaat, werkt.', guarded: 'Alles behalve betaalde, satelliet- en risicobestemmingen werkt.', national: 'Alleen nationale nummers werken, geen betaalde.',
    geographic: 'Alleen nationale geografische nummers werken.', internal: 'Alleen gesprekken binnen de klant werken.', suspended: 'Niets werkt; toestellen kunnen zich niet registreren.',
  },
  emergency: 'Noodnummers en hulplijnen werken op elk niveau.',
  kind: {
    fixed: 'Vast', mobile: 'Mobiel', fixed_or_mobile: 'Vast of mobiel', voip: 'Plaatsonafhankelijk', company: 'Bedrijfsnummer', government: 'Overheid', m2m: 'Machine naar machine',
    pager: 'Semafoon', vpn: 'Besloten netwerk', personal: 'Persoonlijk', freephone: 'Gratis', shared_cost: 'Gedeelde kosten', premium: 'Betaald', premium_adult: 'Betaald, erotiek',
    premium_entertainment: 'Betaald, amusement', directory: 'Inlichtingen', service: 'Dienst', satellite: 'Satelliet', network: 'Internationaal netwerk', unallocated: 'Niet uitgegeven',
    unknown: 'Onbekend', internal: 'Intern', emergency: 'Noodnummer', helpline: 'Hulplijn',
  },
  role: { platform_admin: 'Platformbeheerder', reseller: 'Wederverkoper', tenant_admin: 'Klantbeheerder', operator: 'Operator', auditor: 'Controleur' },
  role_about: {
    platform_admin: 'Beheert het platform: alles.', reseller: 'Verzorgt de eigen klanten.', tenant_admin: 'Verzorgt één klant.',
    operator: 'Bewaakt gesprekken; beëindigt, blokkeert en heft op.', auditor: 'Leest alles, verandert niets.',
  },
  reach: { platform: 'Het hele platform', reseller: 'Wederverkoper', tenant: 'Klant' },
  happening: {
    alerted: 'Alarm', blocked: 'Blokkade gezet', lifted: 'Blokkade voorbij', cut: 'Gesprek afgebroken', verdict: 'Gesprek beoordeeld', registered: 'Nieuw adres geregistreerd',
    registration_failed: 'Registraties mislukt', forwarded: 'Doorschakeling veranderd',
  },
  overview: {
    title: 'Overzicht', at_risk: 'Nu op het spel', at_risk_about: 'Besteed en gereserveerd door lopende gesprekken', running: 'Gesprekken nu', ringing: (count) => `${count} gaan over`,
    open_cases: 'Open zaken', decide: 'Wachten op een besluit', blocks: 'Blokkades van kracht', stopped: 'Vandaag gestopt', stopped_about: 'Wat geweigerde gesprekken hadden gekost',
    changed: 'Wat er veranderde', changed_none: 'Er is nog niets gebeurd', changed_none_hint: 'Alarmen, blokkades en beëindigde gesprekken verschijnen hier op het moment zelf.',
    spend: 'Besteed per dag, laatste 14 dagen', spend_chart: 'Kosten en voorkomen kosten van gesprekken per dag, laatste 14 dagen', spent: 'Besteed', prevented: 'Voorkomen',
    held: (count) => `${n(count, 'gesprek wacht', 'gesprekken wachten')} op antwoord`, held_about: 'Geweigerd, en iemand vraagt of ze mogen.', held_go: 'Antwoorden', dearest: 'Duurste lopende gesprekken', dearest_none: 'Er loopt geen gesprek', dearest_none_hint: 'Betaalde gesprekken staan hier zolang ze overgaan of lopen.',
    max_loss: 'Hoogstens verloren voor een stop', max_loss_about: 'Op een dag, door de geldende limieten', max_loss_observe: 'Alleen gadegeslagen: nog begrenst niets het verlies', troubles: 'Vraagt aandacht', all_well: 'Alles is in orde',
    all_well_about: 'Trunks antwoorden, er zijn geen problemen bekend.', tariff_note: 'Bedragen zijn volgens het tarief van elke klant; volgens het standaardtarief, een schatting, waar er geen is ingelezen.',
  },
  live: {
    title: 'Lopende gesprekken', about: 'Gesprekken die overgaan of lopen, elke seconde ververst.', none: 'Geen gesprekken op dit moment', none_hint: 'Een gesprek verschijnt hier zodra iemand belt.',
    ringing: 'gaat over', end_question: 'Dit gesprek beëindigen?', end_about: (who, to) => `${who} belt ${to}. Voor beide kanten valt de lijn weg.`, total: 'Samen op het spel',
    end_many: (count) => `${n(count, 'gesprek', 'gesprekken')} beëindigen`, end_shown: 'Alle getoonde beëindigen', end_many_about: 'Alle gesprekken van deze lijst eindigen nu, voor iedereen die belt.', ended_many: (count) => `${n(count, 'gesprek', 'gesprekken')} beëindigd`,
    lines: 'lijnen',
  },
  cases: {
    title: 'Zaken', about: 'Alle alarmen, blokkades en gesprekken van één campagne, om over te beslissen.', none: 'Geen zaken', none_hint: 'Als Ringfence fraude vermoedt, opent het hier een zaak. Tot dan is er niets te doen.',
    none_open: 'Niets wacht op een besluit', none_open_hint: 'Gesloten zaken staan onder “Alle”.', timeline: 'Wat er gebeurde', evidence: 'Waarom het verdacht was', notes: 'Notities', no_notes: 'Nog niemand schreef iets.',
    add_note: 'Notitie toevoegen', question: 'Was dit fraude?', question_about: 'Uw antwoord leert Ringfence wat normaal is voor deze klant.', fraud: 'Ja, fraude', false_alarm: 'Nee, vals alarm',
    expected: 'Nee, en het komt vaker voor', reopen: 'Weer openen', decided: (what, who) => `${what}, zei ${who}`, now_decided: 'Besloten', export: 'Bewijs opslaan', hold: 'Gegevens bewaren (juridisch)', held: 'Gegevens worden bewaard', unhold: 'Niet langer bewaren',
    blocks: 'Blokkades van deze zaak', calls: 'Gesprekken', stopped_calls: (count) => `${n(count, 'gesprek', 'gesprekken')} gestopt`, alerts: (count) => n(count, 'alarm', 'alarmen'), same: (count) => `en nog ${count} van zulke`,
    figures: 'Cijfers', case_of: (tenant) => `Zaak bij ${tenant}`,
  },
  blocks: {
    title: 'Blokkades', about: 'Hoever bellen is beperkt, voor wie, tot wanneer.', none: 'Geen blokkades van kracht', none_hint: 'Blokkades van Ringfence of van u verschijnen hier, met de mogelijkheid ze op te heffen.', in_force: 'Van kracht', history: 'Geschiedenis',
    new: 'Nieuwe blokkade', engine: 'Ringfence', shadow: 'alleen waargenomen', shadow_about: 'De klant wordt alleen gadegeslagen: dit zou geblokkeerd zijn.', until_lifted: 'tot opheffing', ended: 'voorbij', lifted_by: (who) => `opgeheven door ${who}`,
    lift_question: 'Deze blokkade opheffen?', lift_about: 'Gesprekken gaan meteen weer door. Limieten blijven een tijd krap.', lifted: 'Blokkade opgeheven', set: 'Blokkade gezet', whole: 'De hele klant',
    whole_warning: 'Dit treft alle toestellen van de klant.', ladder: 'De ladder', how_long: 'Hoelang', hours: (count) => `${count} uur`, days: (count) => n(count, 'dag', 'dagen'), forever: 'Tot iemand haar opheft',
    proposed: 'Voor deze blokkade is veel geld weggelekt, dus een tweede persoon moet instemmen. Die vindt het onder Goedkeuringen.', extension_hint: 'Laat leeg voor de hele klant.',
  },
  calls: {
    title: 'Gesprekken', about: 'Elke poging, met wat ze kostte en wat ermee is gedaan.', none: 'Nog geen gesprekken', none_hint: 'Bel een eerste keer via Ringfence: enkele seconden na het einde staat het hier.', stopped: 'Alleen gestopte gesprekken',
    begins_with: 'begint met, zoals +53', details: 'Gesprek', reasons: 'Waarom', no_reasons: 'Het ging door; er was niets tegen.', would_pass: 'Het zou doorgaan', via: 'Kwam via', source: 'Bron',
  },
  customers: {
    title: 'Klanten', about: 'Wie beschermd is, en wat het de laatste 30 dagen kostte.', none: 'Nog geen klanten', none_hint: 'Klanten staan in de instellingen; ze verschijnen hier met hun eerste gesprek.', open_cases: 'Open zaken', blocks: 'Blokkades',
    of: 'Laatste 30 dagen', by_country: 'Per land', by_extension: 'Per toestel', by_kind: 'Per soort', cost_chart: 'Kosten per dag van deze klant',
  },
  numbers: {
    title: 'Nummer opzoeken', about: 'Wat een nummer is, wat het kost, en of een gesprek ernaartoe nu zou doorgaan.', dialled: 'Zoals het wordt gekozen', look: 'Opzoeken', none: 'Nog geen nummer', none_hint: 'Typ een nummer zoals iemand het kiest; kies een klant om het als diens nummer te beoordelen.',
    read_as: 'Gelezen als', risk: 'Risico', operator: 'Aanbieder', connect: 'Per gesprek', per_minute: 'Per minuut', tariff: 'standaardtarief', passes: 'Een gesprek zou doorgaan', stopped: 'Een gesprek zou geweigerd worden', range: 'Reeks',
    valid: 'In het nummerplan',
  },
  registrations: { title: 'Registraties', about: 'Waar toestellen bereikbaar zijn, en met welk apparaat.', none: 'Geen toestel is geregistreerd', none_hint: 'Toestellen verschijnen hier als ze zich bij deze rand registreren. Achter een centrale zijn er geen.' },
  health: {
    title: 'Gezondheid', about: 'De node, de trunks, en wie niet wordt gehoord.', version: 'Versie', up: 'Draait sinds', settings: 'Instellingen sinds', shards: 'Delen', listens: 'Luistert op', draining: 'Neemt geen nieuwe gesprekken aan', trunks: 'Trunks', bans: 'Niet gehoord',
    ban: 'Netwerk weren', ban_about: 'Niets ervan wordt gehoord, tot u het opheft.', ban_net: 'Adres of netwerk', banned: 'Wordt niet meer gehoord', unban: 'Weer horen', unban_question: 'Dit netwerk weer horen?', unban_about: 'Naar wat het stuurt wordt weer gekeken, binnen de gewone grenzen.', unbanned: 'Wordt weer gehoord', no_bans: 'Iedereen wordt gehoord', no_bans_hint: 'Scanners en wachtwoordraders staan hier zolang ze worden genegeerd.', no_trunks: 'Geen trunks', no_trunks_hint: 'Trunks staan in de instellingen.', answers: 'antwoordt', silent: 'antwoordt niet', not_asked: 'niet gevraagd',
    registered: 'geregistreerd', not_registered: 'niet geregistreerd', everybody: 'iedereen', until_person: 'tot iemand het beëindigt', troubles: 'Niet zoals het moet', pbx: 'Centrale', carrier: 'Aanbieder',
  },
  people: {
    title: 'Personen', about: 'Wie mag inloggen, en wat ze mogen.', none: 'Nog niemand', none_hint: 'Nodig een collega uit: alleen kan niemand zware handelingen goedkeuren.', invite: 'Uitnodigen', invited: 'uitgenodigd', disabled: 'mag niet inloggen', factors: 'Tweede factor', no_factor: 'geen',
    may: 'Mag', add_right: 'Recht toevoegen', role: 'Rol', over: 'Over', link: 'Uitnodiging', link_about: 'Stuur deze link langs een veilige weg. Hij wordt één keer getoond en werkt een week.', proposed: 'Eerst moet een tweede persoon instemmen. Die vindt het onder Goedkeuringen.',
    reset: 'Login herstellen', reset_question: 'Deze login herstellen?', reset_about: 'Wachtwoord, tweede factor en sessies vervallen; er komt een nieuwe uitnodiging.', end_sessions: 'Sessies beëindigen', sessions_ended: 'Sessies beëindigd', disable: 'Inloggen verbieden', enable: 'Inloggen toestaan',
    remove_question: 'Deze persoon verwijderen?', remove_about: 'Inloggen kan niet meer. Wat ze deden blijft in het logboek.', login_hint: 'Meestal het mailadres.', removed: 'Verwijderd',
  },
  approvals: {
    title: 'Goedkeuringen', about: 'Zware handelingen wachten hier op een tweede persoon.', none: 'Er wacht niets', none_hint: 'Rechten van personen, verhoogde limieten en het opheffen van dure blokkades vragen twee personen; ze verschijnen hier.', proposed_by: (who) => `Voorgesteld door ${who}`, alone: (when) => `Niemand anders kan goedkeuren: het gaat in om ${when}`,
    make_user: (login) => `${login} gebruiker maken`, change_grants: 'Veranderen wat iemand mag', reset_login: 'Een login herstellen', lift_block: (block) => `Blokkade ${block} opheffen`, change_settings: (tenants) => `Instellingen van ${tenants} veranderen`, approved: 'Goedgekeurd', refused: 'Geweigerd', own: 'Van u: iemand anders moet goedkeuren.', take_back: 'Terugnemen',
  },
  keys: {
    title: 'API-sleutels', about: 'Voor programma’s. Een sleutel kan waarvoor hij is gemaakt, tot hij verloopt.', none: 'Geen sleutels', none_hint: 'Maak er één voor elk programma, met niet meer dan het nodig heeft.', make: 'Nieuwe sleutel', secret: 'De sleutel', secret_about: 'Kopieer hem nu: hij wordt één keer getoond.', may: 'Mag',
    nets: 'Alleen vanuit netwerken', nets_hint: 'Zoals 192.0.2.0/24, met komma’s. Leeg: overal vandaan.', revoked: 'ingetrokken', expired: 'verlopen', revoke_question: 'Deze sleutel intrekken?', revoke_about: 'Het programma dat hem gebruikt wordt voortaan geweigerd.', days: (count) => n(count, 'dag', 'dagen'), never: 'nooit',
    revoked_done: 'Sleutel ingetrokken', platform: 'Alle klanten',
  },
  permission: {
    read_calls: 'Gesprekken zien', cut_calls: 'Gesprekken beëindigen', read_blocks: 'Blokkades zien', block: 'Blokkeren', unblock: 'Opheffen', read_cases: 'Zaken zien', decide_cases: 'Over zaken beslissen', read_reports: 'Rapporten zien', read_settings: 'Instellingen zien', change_settings: 'Instellingen veranderen',
    change_tenants: 'Klanten maken', read_people: 'Personen zien', change_people: 'Personen veranderen', change_keys: 'Sleutels veranderen', decide: 'Vragen als centrale', read_audit: 'Logboek lezen', read_node: 'De node zien', operate_node: 'De node bedienen',
  },
  audit: {
    title: 'Logboek', about: 'Wie deed wat. Elke rij is aan de vorige geketend, zodat niets ongezien kan veranderen.', none: 'Nog niets vastgelegd', none_hint: 'Elke verandering wordt hier opgeschreven.', verify: 'Keten controleren', whole: (rows) => `De keten is heel: ${rows} rijen`,
    broken: (row) => `De keten is gebroken bij rij ${row}`, head: 'Kop', before: 'Voorheen', after: 'Daarna', of_platform: 'Platform', take_back: 'Deze wijziging terugnemen', taken_back: 'Teruggenomen',
  },
  account: {
    title: 'Mijn account', about: 'Hoe u inlogt, en waar u bent.', factors: 'Tweede factoren', passkeys: 'Passkeys', add_passkey: 'Passkey toevoegen', authenticator: 'Authenticator-app', add_totp: 'Authenticator toevoegen', has_totp: 'Er is een authenticator ingesteld.', no_totp: 'Geen authenticator.',
    recovery: 'Herstelcodes', recovery_left: (count) => `nog ${n(count, 'code', 'codes')}`, recovery_new: 'Nieuwe codes', recovery_about: 'Elke code werkt één keer, als u geen andere factor heeft. Druk ze af en bewaar ze veilig; ze worden één keer getoond.', sessions: 'Sessies', current: 'deze', end: 'Beëindigen',
    password: 'Wachtwoord', old: 'Huidig wachtwoord', new: 'Nieuw wachtwoord', changed: 'Wachtwoord veranderd; andere sessies beëindigd', passkey_name: 'Naam van de passkey', passkey_default: 'Dit apparaat', rights: 'Wat ik mag', stored: 'Ik heb ze bewaard',
  },
  login: {
    title: 'Inloggen', login: 'Login', password: 'Wachtwoord', go: 'Inloggen', passkey: 'Inloggen met een passkey', or: 'of', second: 'Tweede stap', code: 'Code van uw authenticator', code_go: 'Verder', use_passkey: 'Passkey gebruiken', use_code: 'Code van authenticator gebruiken', use_recovery: 'Herstelcode gebruiken', recovery: 'Herstelcode',
    enrol: 'Voeg een tweede factor toe', enrol_about: 'Uw rol kan dingen veranderen, dus een wachtwoord alleen is niet genoeg. Een passkey is het veiligst en snelst.', enrol_passkey: 'Passkey instellen', enrol_passkey_about: 'Vingerafdruk, gezicht of een beveiligingssleutel. Niets te typen.', enrol_totp: 'Authenticator-app gebruiken', enrol_totp_about: 'Zes cijfers van uw telefoon.',
    scan: 'Scan dit met de app en typ de code die hij toont.', or_type: 'Of typ dit geheim in de app:', check: 'Code controleren', other: 'Als iemand anders inloggen', cancelled: 'De passkey is niet gebruikt', cancelled_hint: 'Probeer het opnieuw of kies een andere weg.', welcome: 'Hier stopt fraude.',
    passkey_name: 'Passkey van de eerste login', provider: (name) => `Inloggen bij ${name}`, provider_back: 'Bezig met inloggen', provider_lost: 'Deze login begon elders, of te lang geleden', provider_lost_hint: 'Begin hier opnieuw.',
  },
  setup: {
    title: 'Ringfence instellen', about: 'U bent de eerste persoon: u gaat het platform beheren.', step: (at, of) => `Stap ${at} van ${of}`, you: 'U', name: 'Uw naam', name_hint: 'Zoals collega’s u kennen.', login_hint: 'Meestal uw mailadres.', password_hint: 'Minstens 12 tekens. Vier woorden achter elkaar voldoen goed.', go: 'Verder',
    no_link: 'Open de instel-link', no_link_about: 'Ringfence toonde bij het starten een link voor eenmalig gebruik op de console en in het logbestand. Open die link in deze browser; bij elke start komt er een nieuwe.', codes: 'Herstelcodes', invite: 'Uw uitnodiging', invite_about: 'Kies een wachtwoord; daarna voegt u een tweede factor toe.', password_twice: 'Deze twee zijn niet gelijk', again: 'Wachtwoord nogmaals',
    short: 'Minstens 12 tekens', done: 'Alles staat klaar', done_about: 'Ringfence is gereed. Kijk nu of de trunks gezond zijn, en nodig een collega uit, want zware handelingen vragen er twee.', go_overview: 'Naar het overzicht', invalid_link: 'De link is niet volledig', invalid_link_about: 'Open de hele link, met wat achter # staat.',
  },
  reports: {
    title: 'Rapporten', about: 'Gesprekken, minuten en geld: door wie, waarheen, wanneer, hoelang.', none: 'Geen gesprekken in deze periode', none_hint: 'Kies een langere periode.', by: 'Per', day: 'Dag', days: (count) => `Laatste ${n(count, 'dag', 'dagen')}`, chart: 'Kosten per dag', total: 'Totaal', without: 'Zonder land (inkomend, intern)', destination: 'Bestemming', grain: 'Per', grains: { day: 'Dag', week: 'Week', month: 'Maand', quarter: 'Kwartaal' }, week: (day) => `week van ${day}`, quarter: (of, year) => `K${of} ${year}`, print: 'Afdrukken', sort: 'Rapport', sums: 'Gesprekken en geld', office: 'Kantooruren', longest: 'Langste gesprekken', repeated: 'Herhaalde nummers', short: 'Korte betaalde gesprekken', unusual: 'Ongewoon', unusual_about: (days) => `Vergeleken met wat voor deze klant in zo’n tijd gewoon is, naar de ${days} dagen ervoor.`, usual: 'Gewone kosten', new: 'nieuw', more: 'Meer dan gewoon', times: (count) => `${count} × zo veel`, nothing_unusual: 'Niets valt op', nothing_unusual_hint: 'Geen toestel belde voor geld een nieuwe bestemming, of besteedde het dubbele van wat gewoon is.', choose: 'Kies een klant', choose_hint: 'Dit rapport gaat over één klant.', inside: 'Tijdens kantooruren', outside: 'Daarbuiten', often: 'Gesprekken', first: 'Eerste', last: 'Laatste', all: 'Alle gesprekken', share: 'Deel daarbuiten',
  },
  access: {
    title: 'Toegang', about: 'Vanuit welke netwerken en op welke uren personen binnen mogen.', nets: 'Netwerken', nets_hint: 'Eén per regel, zoals 192.0.2.0/24. Leeg: overal vandaan.', of: 'Voor de personen van', platform: 'Het platform en de wederverkopers', saved: 'Opgeslagen', hours: 'Uren', days: ['ma', 'di', 'wo', 'do', 'vr', 'za', 'zo'], no_hours: 'Op alle uren open.', add_hours: 'Uren toevoegen', zone: 'Tijdzone', choose: 'Tonen',
  },
  missing: { title: 'Deze pagina bestaat niet', about: 'Het adres is misschien oud, of u mag het niet zien.', go: 'Naar het overzicht' },
  error: {
    title: 'Dat lukte niet', unreachable: 'Ringfence is niet bereikbaar', unreachable_hint: 'Gesprekken gaan door. Kijk naar uw verbinding; deze pagina probeert het vanzelf opnieuw.', request: 'Verzoek', not_allowed: 'Dit mag u niet', not_allowed_hint: 'Vraag iemand die het mag, of vraag om het recht.',
    outdated: 'Iemand was sneller', outdated_hint: 'Het is veranderd sinds u het las. Het wordt opnieuw getoond: beslis opnieuw.', stale_login: 'Log eerst opnieuw in', stale_login_hint: 'Veranderen hoe u inlogt vraagt een login van de laatste minuten. Log uit en in, en doe dit opnieuw.', wrong_login: 'Dat klopt niet', wrong_login_hint: 'Probeer het opnieuw of gebruik een passkey.',
    too_many: 'Te veel pogingen', too_many_hint: 'Wacht een kwartier of log in met een passkey.', busy: 'Het is nu te druk', busy_hint: 'Probeer het zo meteen opnieuw.', not_from_here: 'Vanaf hier is de toegang gesloten', not_from_here_hint: 'Uw adres of dit uur is niet toegelaten. Verbind vanaf een toegelaten netwerk.',
    last_factor: 'Het is uw laatste tweede factor', last_factor_hint: 'Uw rol vraagt er één: voeg eerst een andere toe.', last_admin: 'Niemand anders beheert het platform', last_admin_hint: 'Maak eerst een andere platformbeheerder.', answered: 'Het is al beantwoord', answered_hint: 'Kijk in de lijst: iemand was sneller, of de tijd was om.', not_found: 'Het is er niet, of niet meer', not_found_hint: 'Ga terug naar de lijst.', broken: 'Er ging iets mis in Ringfence', broken_hint: 'Meld het met het verzoeknummer; het logbestand weet meer.',
  },
  duration: { s: 's', min: 'min', h: 'u', d: 'd' },
  ago: { now: 'zojuist' },
  never: 'nooit', none: 'geen', yes: 'Ja', no: 'Nee', unknown: 'onbekend',
};
