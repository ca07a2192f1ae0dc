// The editor: a view of ProseMirror with our few kinds of text. It knows no state and no words of the window.
import { EditorState, Selection, TextSelection, type Command, type Transaction } from "prosemirror-state";
import { EditorView, type NodeView } from "prosemirror-view";
import { Fragment, Slice, type Node } from "prosemirror-model";
import { clear, isOn, looks, plugins, toggle, type Look } from "./commands";
import { ofHtml, ofText, pasted, sliceOfText } from "./read";
import { linkOf } from "./address";
import { schema } from "./schema";
import { placeOf, uploads, uploadsKey, type UploadStep } from "./uploads";
import { html, isPlain, picturesOf, text } from "./write";

/** What was written. */
export interface Content {
  text: string;
  /** With its formatting, where it has some. */
  html: string | null;
}

/** What the editor asks and tells. */
export interface Hooks {
  /** Somebody changed the text. */
  changed(content: Content, pictures: ReadonlySet<string>): void;
  /** The cursor or a look moved. */
  moved(): void;
  /** Files were pasted or dropped at a place in the text. */
  files(files: File[], event: ClipboardEvent | DragEvent): void;
  /** Whether a picture may stand in this text. */
  knows(file: string): boolean;
  urlOf(file: string): string;
  asksForLink(): void;
  /** What a screen reader calls the field. */
  attributes(): Record<string, string>;
}

function isSending(event: KeyboardEvent): boolean {
  return event.key === "Enter" && (event.ctrlKey || event.metaKey);
}

/** Keys that the window listens to while somebody writes. */
function isOfTheWindow(event: KeyboardEvent): boolean {
  return isSending(event) || event.key === "Escape" || ((event.ctrlKey || event.metaKey) && !event.shiftKey && event.code === "KeyK");
}

/** What is copied, as a document: words without a line get one. */
function lines(slice: Slice): Node {
  const blocks: Node[] = [];
  let words: Node[] = [];
  const end = (): void => {
    if (words.length > 0) blocks.push(schema.node("paragraph", null, words));
    words = [];
  };
  slice.content.forEach((node) => {
    if (node.isInline) words.push(node);
    else {
      end();
      blocks.push(node.type === schema.nodes.list_item ? schema.node("bullet_list", null, [node]) : node);
    }
  });
  end();
  return schema.nodes.doc.create(null, blocks);
}

export class Editor {
  readonly view: EditorView;
  private sending = false;

  constructor(place: HTMLElement, private readonly hooks: Hooks) {
    this.view = new EditorView({ mount: place }, {
      state: this.fresh(ofText("")),
      attributes: () => hooks.attributes(),
      nodeViews: { picture: (node) => this.picture(node) },
      clipboardParser: pasted,
      clipboardTextParser: sliceOfText,
      clipboardTextSerializer: (slice) => text(lines(slice)),
      transformPasted: (slice) => this.known(slice),
      handlePaste: (_, event) => this.pastedFiles(event),
      handleDrop: (_, event, __, moved) => !moved && this.droppedFiles(event),
      handleKeyDown: (_, event) => this.linkKey(event),
      handleDOMEvents: {
        keydown: (_, event) => {
          this.sending = isSending(event);
          return isOfTheWindow(event);
        },
        beforeinput: (_, event) => {
          // The key that sends breaks no line where there is nothing to send.
          const stray = this.sending && /^insert(Paragraph|LineBreak)$/.test(event.inputType);
          if (stray) event.preventDefault();
          return stray;
        },
      },
      dispatchTransaction: (tr) => this.apply(tr),
    });
  }

  /** Takes up another text. What was undone before belongs to the one before. */
  load(content: Content): void {
    const doc = content.html === null ? ofText(content.text) : ofHtml(content.html);
    const fresh = this.fresh(doc);
    this.view.updateState(fresh.apply(fresh.tr.setSelection(Selection.atEnd(doc))));
    this.hooks.moved();
  }

  focus(): void {
    this.view.focus();
  }

  /** Puts the cursor behind so many characters of a text without formatting. */
  cursorAt(offset: number): void {
    let left = offset;
    let at = Selection.atEnd(this.view.state.doc).from;
    this.view.state.doc.forEach((node, start) => {
      if (left >= 0 && left <= node.content.size) at = start + 1 + left;
      left -= node.content.size + 1;
    });
    this.view.dispatch(this.view.state.tr.setSelection(TextSelection.create(this.view.state.doc, at)));
  }

  /** The looks that are on where the cursor stands. */
  on(): ReadonlySet<Look> {
    return new Set(looks.filter((look) => isOn(this.view.state, look)));
  }

  toggle(look: Look): void {
    this.run(toggle(look));
  }

  clear(): void {
    this.run(clear);
  }

  /** Where the link at the cursor leads. */
  link(): string | null {
    const { $from, from, to, empty } = this.view.state.selection;
    const { link } = schema.marks;
    if (empty) return (link.isInSet($from.marks())?.attrs["href"] as string | undefined) ?? null;
    let found: string | null = null;
    this.view.state.doc.nodesBetween(from, to, (node) => {
      found ??= (link.isInSet(node.marks)?.attrs["href"] as string | undefined) ?? null;
    });
    return found;
  }

  /** Makes a link of what is selected, or of the address itself; null takes a link off. False where it leads nowhere allowed. */
  setLink(said: string | null): boolean {
    const href = said === null ? null : linkOf(said);
    if (said !== null && href === null) return false;
    const { state } = this.view;
    const { tr } = state;
    const { link } = schema.marks;
    const [from, to] = this.linkRange();
    if (href === null) tr.removeMark(from, to, link);
    else if (from === to) tr.insert(from, schema.text(said?.trim() ?? "", [...(state.storedMarks ?? state.selection.$from.marks()).filter((mark) => mark.type !== link), link.create({ href })]));
    else tr.removeMark(from, to, link).addMark(from, to, link.create({ href }));
    this.view.dispatch(tr.removeStoredMark(link).scrollIntoView());
    return true;
  }

  /** Words of somebody else, as a quotation below what is written. */
  insertQuote(words: string): void {
    const { state } = this.view;
    const { tr, doc } = state;
    const quote = schema.nodes.blockquote.create(null, ofText(words).content);
    const blank = schema.nodes.paragraph.create();
    const last = doc.lastChild;
    const empty = last !== null && last.type === schema.nodes.paragraph && last.content.size === 0;
    const at = empty && last !== null ? doc.content.size - last.nodeSize : doc.content.size;
    tr.replaceWith(at, doc.content.size, [...(at === 0 || empty ? [] : [blank]), quote, blank]);
    this.view.dispatch(tr.setSelection(Selection.atEnd(tr.doc)).scrollIntoView());
  }

  /** Marks where a picture will stand that is on its way. */
  expectPicture(key: number, at?: number): void {
    const place = at ?? this.view.state.selection.from;
    this.step({ add: { key, at: place } });
  }

  /** It is there, or will not come. */
  settlePicture(key: number, picture: { file: string; alt: string } | null): void {
    const at = placeOf(uploadsKey.getState(this.view.state), key);
    const tr = this.view.state.tr.setMeta(uploadsKey, { remove: key } satisfies UploadStep);
    if (picture !== null) {
      const node = schema.nodes.picture.create(picture);
      const $at = at === null ? null : this.view.state.doc.resolve(at);
      if ($at?.parent.inlineContent === true && $at.parent.type !== schema.nodes.code_block) tr.insert($at.pos, node);
      else tr.insert(this.view.state.doc.content.size, schema.nodes.paragraph.create(null, node));
    }
    this.view.dispatch(tr);
  }

  /** A picture that is among the files already is shown where the cursor stands. */
  insertPicture(file: string, alt: string): void {
    const node = schema.nodes.picture.create({ file, alt });
    const { tr, selection } = this.view.state;
    if (selection.$from.parent.type === schema.nodes.code_block) tr.insert(this.view.state.doc.content.size, schema.nodes.paragraph.create(null, node));
    else tr.replaceSelectionWith(node, false);
    this.view.dispatch(tr.scrollIntoView());
  }

  removePicture(file: string): void {
    const { tr, doc } = this.view.state;
    doc.descendants((node, at) => {
      if (node.type === schema.nodes.picture && node.attrs["file"] === file) tr.delete(tr.mapping.map(at), tr.mapping.map(at + node.nodeSize));
    });
    if (tr.docChanged) this.view.dispatch(tr);
  }

  /** The place in the text under the hand. */
  placeAt(event: { clientX: number; clientY: number }): number | undefined {
    return this.view.posAtCoords({ left: event.clientX, top: event.clientY })?.pos;
  }

  content(): Content {
    const { doc } = this.view.state;
    return { text: text(doc), html: isPlain(doc) ? null : html(doc) };
  }

  get isEmpty(): boolean {
    const { doc } = this.view.state;
    return doc.childCount === 1 && doc.firstChild?.type === schema.nodes.paragraph && doc.firstChild.content.size === 0;
  }

  /** Asks the hooks for the field's attributes again. */
  renamed(): void {
    this.view.setProps({});
  }

  destroy(): void {
    this.view.destroy();
  }

  private fresh(doc: Node): EditorState {
    return EditorState.create({ doc, plugins: [...plugins(), uploads()] });
  }

  private apply(tr: Transaction): void {
    this.view.updateState(this.view.state.apply(tr));
    if (tr.docChanged) this.hooks.changed(this.content(), picturesOf(tr.doc));
    this.hooks.moved();
  }

  private run(command: Command): void {
    command(this.view.state, this.view.dispatch.bind(this.view), this.view);
    this.view.focus();
  }

  private step(step: UploadStep): void {
    this.view.dispatch(this.view.state.tr.setMeta(uploadsKey, step));
  }

  private linkRange(): [number, number] {
    const { $from, from, to, empty } = this.view.state.selection;
    const here = schema.marks.link.isInSet($from.marks());
    if (!empty || here === undefined) return [from, to];
    // All of the link around the cursor.
    let start = $from.start();
    let end = start;
    let at = start;
    $from.parent.forEach((child) => {
      const linked = child.marks.some((mark) => mark.eq(here));
      if (!linked && at <= from) start = at + child.nodeSize;
      if (linked && at <= from) end = at + child.nodeSize;
      if (linked && at > from && at === end) end = at + child.nodeSize;
      at += child.nodeSize;
    });
    return [Math.min(start, from), Math.max(end, from)];
  }

  private linkKey(event: KeyboardEvent): boolean {
    if (!(event.ctrlKey || event.metaKey) || !event.shiftKey || event.code !== "KeyK") return false;
    this.hooks.asksForLink();
    return true;
  }

  private picture(node: Node): NodeView {
    const dom = document.createElement("img");
    dom.src = this.hooks.urlOf(String(node.attrs["file"]));
    dom.alt = String(node.attrs["alt"]);
    dom.title = dom.alt;
    return { dom };
  }

  /** Of what is pasted, the pictures that are among the files. */
  private known(slice: Slice): Slice {
    const strange = (node: Node): boolean => node.type === schema.nodes.picture && !this.hooks.knows(String(node.attrs["file"]));
    const kept = (content: Fragment): Fragment => {
      const out: Node[] = [];
      content.forEach((child) => {
        if (!strange(child)) out.push(child.isText ? child : child.copy(kept(child.content)));
      });
      return Fragment.from(out);
    };
    return new Slice(kept(slice.content), slice.openStart, slice.openEnd);
  }

  private pastedFiles(event: ClipboardEvent): boolean {
    const files = [...(event.clipboardData?.files ?? [])];
    // Word processors put a picture of the words beside them.
    if (files.length === 0 || (event.clipboardData?.getData("text/plain") ?? "").trim() !== "") return false;
    this.hooks.files(files, event);
    return true;
  }

  private droppedFiles(event: DragEvent): boolean {
    if ((event.dataTransfer?.files.length ?? 0) === 0) return false;
    this.hooks.files([...(event.dataTransfer?.files ?? [])], event);
    return true;
  }
}
