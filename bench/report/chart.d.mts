export interface Bar {
  readonly name: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly text: string;
  readonly kind: 'own' | 'peer' | 'floor';
}

export function svgOf(chart: {
  readonly title: string;
  readonly subtitle: string;
  readonly groups: readonly { readonly label: string; readonly bars: readonly Bar[] }[];
}): string;
