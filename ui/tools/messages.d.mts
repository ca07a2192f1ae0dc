export function argumentsOf(text: string, tag: string): string[];
export function problems(tag: string, english: string, text: string): string[];
