export interface Words {
  at: number;
  text: string;
}
export function wordsOfMarkup(source: string): Words[];
export function wordsOfProgram(source: string): Words[];
export function programOf(source: string): string;
