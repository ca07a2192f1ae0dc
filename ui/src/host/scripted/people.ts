import type { Channel } from "../../api/Channel";

/** One customer as the script tells it: who, how long ago, and what was said. Lines starting with `>` are ours, `#` is a note. */
export interface Story {
  name: string;
  address: string;
  subject: string;
  /** Minutes since the last line. */
  ago: number;
  lines: string[];
  channel?: Channel;
  stage?: string;
  tags?: string[];
  assignee?: "me" | "tom" | "layla";
  status?: "open" | "snoozed" | "resolved";
  machine?: string;
  unread?: number;
  html?: boolean;
}

/** A team's ordinary week, in the languages its customers write. */
export const stories: Story[] = [
  {
    name: "Anna Berg", address: "anna.berg@lindqvist-interior.se", subject: "Re: Order 1042: lamp arrived with a cracked shade", ago: 12, stage: "engaged", tags: ["order", "lamp"], assignee: "me", unread: 2, html: true,
    lines: [
      "Hi there,\n\nI ordered the Vireo floor lamp (order 1042) last week. Is it the one with the linen shade? The photo and the text disagree.\n\nBest,\nAnna",
      "> Hi Anna,\n\nYes, linen. The photo shows last year's cotton shade; we are replacing it this week.\n\nWarm regards,\nMara",
      "Perfect, thank you! Then I'll keep the order as it is.",
      "#Promised her the new shade at no cost if the colour is off. @Tom can you check the stock in Gothenburg?",
      "Hello again,\n\nthe lamp came today, but the shade is cracked along the seam. I have attached two photos. Could you send a new shade only? The foot is fine and I would rather not send the whole thing back.\n\nBest,\nAnna Berg\n\nOn Tue, 17 Nov at 10:12, Mara Lind <mara@parley-lamps.example> wrote:\n> Yes, linen. The photo shows last year's cotton shade;\n> we are replacing it this week.",
      "One more thing: we are away from Friday, so a delivery before that would be wonderful. 🙏",
    ],
  },
  { name: "Yusuf Al-Rashid", address: "yusuf@alrashid-hospitality.ae", subject: "طلب عرض سعر لثلاثين مصباحًا", ago: 34, stage: "qualified", tags: ["quote", "b2b"], unread: 1, lines: ["السلام عليكم،\n\nنرغب في الحصول على عرض سعر لثلاثين مصباحًا من طراز Vireo لفندقنا في دبي، مع التسليم قبل 15 يناير.\n\nمع التحية،\nيوسف الراشد"] },
  { name: "Jean-Baptiste Lefèvre-Montgolfier de la Roche-sur-Yon", address: "jb.lefevre@atelier-montgolfier-eclairage.fr", subject: "Facture n° 2026-1187 introuvable dans mon espace client depuis la mise à jour", ago: 58, tags: ["invoice"], assignee: "tom", unread: 1, lines: ["Bonjour,\n\nJe ne trouve plus la facture n° 2026-1187 dans mon espace client. Pourriez-vous me l'envoyer par e-mail ? Notre comptable la demande avant vendredi.\n\nCordialement,\nJ.-B. Lefèvre"] },
  { name: "田中 美咲", address: "misaki.tanaka@hikari-design.jp", subject: "Vireo の納期について", ago: 95, stage: "new", unread: 1, lines: ["お世話になっております。\nVireo フロアランプを10台注文したいのですが、日本への納期はどのくらいでしょうか。\n\n田中"] },
  { name: "Marieke de Vries", address: "marieke@devriesenzn.nl", subject: "Retour lamp 1029", ago: 160, assignee: "me", tags: ["return"], stage: "engaged", lines: ["Goedemiddag,\n\nde lamp is toch te groot voor de hal. Hoe stuur ik hem terug?", "> Hoi Marieke,\n\ngeen probleem. Het label zit in de bijlage; PostNL haalt hem op.", "Dank! Het label werkt niet, de scanner zegt “onbekend”. Kunnen jullie een nieuw sturen?"] },
  { name: "Sofía Hernández", address: "sofia.h@casaluz.mx", subject: "¿Envían a México?", ago: 205, stage: "new", unread: 1, lines: ["Hola, ¿envían a Ciudad de México? ¿Y cuánto tarda más o menos? 😊"] },
  { name: "Klaus Obermüller", address: "obermueller@licht-und-raum.de", subject: "Angebot für 12 Stück Vireo, Angebot Nr. 889", ago: 260, stage: "qualified", tags: ["quote", "b2b", "germany"], assignee: "layla", lines: ["Sehr geehrte Damen und Herren,\n\nbitte senden Sie uns ein Angebot über 12 Stück Vireo in Messing, Lieferung frei Haus München.\n\nMit freundlichen Grüßen\nKlaus Obermüller", "> Guten Tag Herr Obermüller,\n\nanbei unser Angebot 889. Es gilt bis Ende Dezember.\n\nFreundliche Grüße\nLayla", "Vielen Dank. Ist bei 20 Stück noch etwas zu machen? Dann bestelle ich noch diese Woche."] },
  { name: "Priya Raghunathan", address: "priya@studio-raghu.in", subject: "Wholesale terms", ago: 330, stage: "engaged", tags: ["b2b"], lines: ["Hi, do you offer wholesale terms for studios? We fit out around 40 flats a year.", "> Hi Priya, we do: 25 % from 20 pieces a year. Shall I set up an account for you?"], assignee: "me" },
  { name: "Oliver Whitcombe", address: "oliver.whitcombe@gmail.com", subject: "Where is my parcel?", ago: 410, tags: ["order", "shipping"], lines: ["Tracking says it has been in Rotterdam for six days. Could you check?", "> Hi Oliver, sorry for that. I have opened a search with the carrier and will write tomorrow at the latest.", "Thanks, appreciated."], assignee: "tom" },
  { name: "Fatoumata Diallo", address: "f.diallo@maisondakar.sn", subject: "Collaboration showroom Dakar", ago: 520, stage: "new", lines: ["Bonjour, nous ouvrons un showroom à Dakar en mars et aimerions présenter vos lampes. À qui puis-je m'adresser ?"] },
  { name: "Grzegorz Brzęczyszczykiewicz", address: "g.brzeczyszczykiewicz@lodz-design.pl", subject: "Faktura VAT", ago: 610, tags: ["invoice"], lines: ["Dzień dobry, proszę o fakturę VAT do zamówienia 1017.", "> Dzień dobry, w załączniku. Pozdrawiam, Mara"], assignee: "me" },
  { name: "Zoë & Max 🏡", address: "hallo@zoeundmax.blog", subject: "Story about small flats 💡", ago: 700, stage: "engaged", tags: ["press"], lines: ["Hey! We write about tiny flats and love the Vireo clip lamp 💛 Could we borrow two for a shoot in December?"], unread: 1 },
  { name: "Noah Stein", address: "noah.stein@stein-architekten.ch", subject: "Dimmer compatibility", ago: 1500, stage: "qualified", lines: ["Does the Vireo work with trailing-edge dimmers? We would specify 60 of them.", "> Hi Noah, yes, from 5 %. The data sheet is attached."], assignee: "layla" },
  { name: "Emma Lindqvist", address: "emma.lindqvist@outlook.com", subject: "Ändra leveransadress", ago: 1700, tags: ["order"], lines: ["Hej! Kan ni ändra leveransadressen till Storgatan 4, Lund?", "> Hej Emma, klart!", "Tack så mycket!"], status: "resolved", assignee: "me" },
  { name: "Luca Moretti", address: "l.moretti@morettiluce.it", subject: "Catalogo 2027", ago: 1900, stage: "engaged", lines: ["Buongiorno, potete inviarmi il catalogo 2027 in PDF?", "> Buongiorno Luca, esce il 10 gennaio. Glielo mando il giorno stesso."], status: "snoozed", assignee: "me" },
  { name: "CarrierTrack", address: "no-reply@carriertrack.example", subject: "Your shipment CT-99213 has a new status", ago: 45, machine: "Auto-Submitted: auto-generated", lines: ["Shipment CT-99213 is out for delivery."] },
  { name: "Design Weekly", address: "news@designweekly.example", subject: "Ten lamps that changed the room", ago: 300, machine: "List-Id: newsletter", lines: ["This week: ten lamps that changed the room, and one that did not."], html: true },
  { name: "Mail Delivery System", address: "mailer-daemon@mx.parley-lamps.example", subject: "Undelivered Mail Returned to Sender", ago: 640, machine: "Delivery status notification", lines: ["I'm sorry to have to inform you that your message could not be delivered to one or more recipients."] },
  { name: "Hanna Virtanen", address: "hanna.virtanen@valo.fi", subject: "Out of office", ago: 800, machine: "Auto-Submitted: auto-replied", lines: ["Olen lomalla 30.11. asti."] },
];

const first = ["Amelia", "Ben", "Chiara", "Daniel", "Elif", "Felix", "Giulia", "Hugo", "Ines", "Jonas", "Katarzyna", "Liam", "Mei", "Nils", "Olga", "Pedro", "Quinn", "Rosa", "Samir", "Thea", "Ulrike", "Viktor", "Wanda", "Xavier", "Yara", "Zeynep"];
const last = ["Abbott", "Bakker", "Costa", "Dubois", "Eriksson", "Fischer", "Gallo", "Haddad", "Ivanova", "Jensen", "Kowalski", "López", "Müller", "Novák", "O’Connor", "Petrov", "Quintero", "Rossi", "Schmidt", "Takahashi", "Umar", "Visser", "Wang", "Xu", "Yılmaz", "Zimmer"];
const asks = [
  ["Spare bulb for Vireo", "Which bulb fits the Vireo? Mine has gone and the label is unreadable."],
  ["Voucher does not work", "The voucher LIGHT10 is refused at the till. Is it still valid?"],
  ["Switch is loose", "After two months the switch on the cord is loose. Is that covered?"],
  ["Delivery date", "Could you tell me the delivery date for order 10{n}? We move on the 12th."],
  ["Colour samples", "Can you send samples of brass and black steel before I decide?"],
  ["Thank you!", "Just wanted to say: the lamp is beautiful. Thank you for packing it so well."],
  ["Change order 10{n}", "I ordered white by mistake. Can I still change it to sand?"],
  ["Meeting room lights", "We need eight pendants for a meeting room, 3000 K, dimmable. What do you suggest?"],
] as const;

/** The rest of the inbox, so that lists scroll. */
export function crowd(count: number): Story[] {
  return Array.from({ length: count }, (_, i): Story => {
    const name = `${first[(i * 7) % first.length] ?? ""} ${last[(i * 11 + 3) % last.length] ?? ""}`;
    const [subject, text] = asks[i % asks.length] ?? asks[0];
    const fill = (s: string): string => s.replace("{n}", String(43 + i));
    const answered = i % 3 === 0;
    return {
      name,
      address: `${name.toLowerCase().normalize("NFD").replace(/[^a-z]+/g, ".")}@example.com`,
      subject: fill(subject),
      ago: 900 + i * 370,
      lines: answered ? [fill(text), "> Hi, thank you for writing. I have looked into it and will send an update today.\n\nMara"] : [fill(text)],
      ...(i % 4 === 0 ? { stage: ["new", "engaged", "qualified", "won", "lost"][i % 5] ?? "new" } : {}),
      ...(i % 5 === 0 ? { tags: ["order"] } : {}),
      ...(i % 2 === 0 ? { assignee: (["me", "tom", "layla"] as const)[i % 3] ?? "me" } : {}),
      status: answered && i % 2 === 1 ? "resolved" : "open",
      ...(i % 6 === 1 ? { unread: 1 } : {}),
    };
  });
}
